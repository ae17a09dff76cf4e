using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// One cursor over the rows of several that share them by batches: the rows in the order of the batches, each read
/// whole before its first row shows. What goes wrong meanwhile is what ML.NET's threads say of it.
/// </summary>
internal sealed class ConsolidatedCursor : RootCursorBase
{
    private const string StateError = "Cannot get value as the cursor is not in a good state";

    private readonly BatchReader[] _inputs;
    private BatchReader _current;
    private long _batch = -1;
    private int _row;
    private bool _disposed;

    public ConsolidatedCursor(IChannelProvider provider, DataViewRowCursor[] inputs)
        : base(provider)
    {
        _inputs = [.. inputs.Select(input => new BatchReader(input))];
        Schema = inputs[0].Schema;
    }

    public override DataViewSchema Schema { get; }

    public override long Batch => _batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => _inputs[0].Cursor.IsColumnActive(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
    {
        Contracts.Check(IsGood, StateError);
        value = _current.IdAt(_row);
    };

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        Ch.CheckParam(IsColumnActive(column), nameof(column), "requested column not active.");
        Type expected = Schema[column.Index].Type.RawType;
        Ch.Check(typeof(TValue) == expected, $"Invalid TValue: '{typeof(TValue)}', expected type: '{expected}'.");
        return (ref TValue value) =>
        {
            Contracts.Check(IsGood, StateError);
            ((ColumnBuffer<TValue>)_current.Buffers[column.Index]).Load(_row, ref value);
        };
    }

    protected override bool MoveNextCore()
    {
        if (_current != null && ++_row < _current.Count)
        {
            return true;
        }

        try
        {
            foreach (BatchReader input in _current == null ? _inputs : [_current])
            {
                input.ReadBatch();
            }
        }
        catch (Exception ex)
        {
            throw Contracts.Except(ex, ParallelCursors.WorkerError);
        }

        _current = _inputs.MinBy(input => input.Count > 0 ? input.Batch : long.MaxValue);
        _row = 0;
        _batch = _current.Count > 0 ? _current.Batch : _batch;
        return _current.Count > 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
        {
            _disposed = true;
            foreach (BatchReader input in _inputs)
            {
                input.Cursor.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    /// <summary>Copies the rows of a cursor, one batch after another.</summary>
    private sealed class BatchReader(DataViewRowCursor cursor)
    {
        private readonly ValueGetter<DataViewRowId> _idGetter = cursor.GetIdGetter();
        private readonly List<DataViewRowId> _ids = [];
        private bool _standsOnNext;

        public DataViewRowCursor Cursor => cursor;

        public ColumnBuffer[] Buffers { get; } = [.. cursor.Schema.Select(column =>
            cursor.IsColumnActive(column) ? ColumnBuffer.Create(cursor, column) : null)];

        public long Batch { get; private set; }

        public int Count => _ids.Count;

        public DataViewRowId IdAt(int row) => _ids[row];

        public void ReadBatch()
        {
            _ids.Clear();
            bool isLive = _standsOnNext || cursor.MoveNext();
            _standsOnNext = false;
            Batch = cursor.Batch;
            while (isLive && !_standsOnNext)
            {
                DataViewRowId id = default;
                _idGetter(ref id);
                foreach (ColumnBuffer buffer in Buffers)
                {
                    buffer?.Store(_ids.Count);
                }

                _ids.Add(id);
                isLive = cursor.MoveNext();
                _standsOnNext = isLive && cursor.Batch != Batch;
            }
        }
    }
}
