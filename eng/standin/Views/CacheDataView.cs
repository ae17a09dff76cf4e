using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>A view that keeps each column in memory once a cursor has asked for it.</summary>
internal sealed class CacheDataView : IParallelView
{
    private const int RowsPerBlock = 64;

    private readonly IHost _host;
    private readonly IDataView _input;
    private readonly int[] _prefetch;
    private readonly PooledValues[] _columns;
    private readonly Lock _lock = new();
    private long? _rowCount;

    public CacheDataView(IHostEnvironment env, IDataView input, string[] columnsToPrefetch)
    {
        _host = env.Register("Cache");
        _input = input;
        _columns = new PooledValues[input.Schema.Count];
        _prefetch = [.. (columnsToPrefetch ?? []).Select(name => input.Schema.GetColumnOrNull(name)?.Index
            ?? throw env.ExceptParam(nameof(columnsToPrefetch), $"Could not find prefetch column '{name}'"))];
        if (_prefetch.Length > 0)
        {
            // What goes wrong here goes wrong again, and is thrown, where rows are read.
            _ = Task.Run(() => Fill(_ => false));
        }
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema => _input.Schema;

    public long? GetRowCount() => _rowCount ?? _input.GetRowCount();

    public bool IsReadInParallel(Func<int, bool> active) => true;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        Func<int, bool> active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema);
        return Open(active, 1, rand)[0];
    }

    public DataViewRowCursor[] GetRowCursorSet(
        IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        Func<int, bool> active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema);
        return Open(active, ParallelCursors.Limit(n), rand);
    }

    // What goes wrong with the rows shows where they are read.
    private DataViewRowCursor[] Open(Func<int, bool> active, int count, Random rand)
    {
        RowBlocks blocks;
        try
        {
            int rows = Fill(active);
            blocks = new RowBlocks(rows, count == 1 ? rows : RowsPerBlock, rand);
        }
        catch (Exception ex)
        {
            blocks = new RowBlocks(ex);
        }

        return [.. Enumerable.Range(0, count).Select(_ => new Cursor(this, active, blocks))];
    }

    private int Fill(Func<int, bool> active)
    {
        lock (_lock)
        {
            DataViewSchema.Column[] missing = [.. Schema.Where(column => _columns[column.Index] == null
                && (active(column.Index) || _prefetch.Contains(column.Index)))];
            if (missing.Length == 0 && _rowCount is long known)
            {
                return (int)known;
            }

            using DataViewRowCursor cursor = _input.GetRowCursor(missing);
            using IChannel channel = _host.Start("Cache Filler");
            channel.Trace(MessageSensitivity.None, "Begin cache of {0} columns", missing.Length);
            PooledValues[] filled = [.. missing.Select(column => PooledValues.Create(cursor, column))];
            int rows = 0;
            for (; cursor.MoveNext(); rows++)
            {
                foreach (PooledValues values in filled)
                {
                    values.Store(rows);
                }
            }

            for (int i = 0; i < missing.Length; i++)
            {
                _columns[missing[i].Index] = filled[i];
            }

            _rowCount = rows;
            channel.Trace(MessageSensitivity.None, "End cache of {0} columns", missing.Length);
            return rows;
        }
    }

    /// <summary>Deals rows out to the cursors of a set, block by block.</summary>
    private sealed class RowBlocks
    {
        private readonly int _rows;
        private readonly int _size;
        private readonly int[] _order;
        private readonly Exception _error;
        private int _next = -1;

        public RowBlocks(Exception error)
        {
            _error = error;
        }

        public RowBlocks(int rows, int size, Random random)
        {
            _rows = rows;
            _size = Math.Max(1, size);
            _order = random == null ? null : Permutation(rows, random);
        }

        /// <summary>The next block, or null after the last.</summary>
        public (int Number, int Start, int End)? Next()
        {
            if (_error != null)
            {
                throw Contracts.Except(_error, "Event we were waiting on was subject to an exception");
            }

            int number = Interlocked.Increment(ref _next);
            long start = (long)number * _size;
            return start < _rows ? (number, (int)start, (int)Math.Min(_rows, start + _size)) : null;
        }

        public int RowAt(int place) => _order == null ? place : _order[place];

        private static int[] Permutation(int count, Random random)
        {
            int[] order = [.. Enumerable.Range(0, count)];
            for (int i = 0; i < count; i++)
            {
                int j = i + random.Next(count - i);
                (order[i], order[j]) = (order[j], order[i]);
            }

            return order;
        }
    }

    private sealed class Cursor : RootCursorBase
    {
        private readonly CacheDataView _parent;
        private readonly Func<int, bool> _active;
        private readonly RowBlocks _blocks;
        private (int Number, int Start, int End) _block;
        private int _place = -1;
        private int _row;

        public Cursor(CacheDataView parent, Func<int, bool> active, RowBlocks blocks)
            : base(parent._host)
        {
            _parent = parent;
            _active = active;
            _blocks = blocks;
        }

        public override DataViewSchema Schema => _parent.Schema;

        public override long Batch => _block.Number;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter()
        {
            return (ref DataViewRowId value) =>
            {
                Contracts.Check(IsGood, "Cannot call ID getter in current state");
                value = new DataViewRowId((ulong)_row, 0);
            };
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Ch.CheckParam(_active(column.Index), nameof(column), "requested column not active");
            return _parent._columns[column.Index] is { } values
                ? TypedGetters.Check<TValue>(Ch, values.MakeGetter(() => _row, Check))
                : (ref TValue _) => Check();
        }

        protected override bool MoveNextCore()
        {
            _place++;
            if (_place >= _block.End)
            {
                if (_blocks.Next() is not { } block)
                {
                    return false;
                }

                _block = block;
                _place = block.Start;
            }

            _row = _blocks.RowAt(_place);
            return true;
        }

        private void Check() => Ch.Check(IsGood, RowCursorUtils.FetchValueStateError);
    }
}
