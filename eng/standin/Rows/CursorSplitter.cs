using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// Lets several cursors share the rows of one: each takes runs of rows, in turn, and keeps their values; the number of
/// the run is the row's batch, so that the order can be restored.
/// </summary>
internal sealed class CursorSplitter : IDisposable
{
    private const int RowsPerBatch = 128;

    private readonly Lock _lock = new();
    private readonly DataViewRowCursor _source;
    private readonly Func<DataViewRow, ColumnBuffer>[] _bufferFactories;
    private long _nextBatch;
    private int _open;

    private CursorSplitter(DataViewRowCursor source, int count)
    {
        _source = source;
        _open = count;
        _bufferFactories = source.Schema.Select(column => source.IsColumnActive(column)
            ? (Func<DataViewRow, ColumnBuffer>)(row => ColumnBuffer.Create(row, column))
            : null).ToArray();
    }

    /// <summary>As many cursors as wanted over the rows of one.</summary>
    public static DataViewRowCursor[] Split(IChannelProvider provider, DataViewRowCursor source, int count)
    {
        using var channel = provider.Start(nameof(CursorSplitter));
        var splitter = new CursorSplitter(source, count);
        return Enumerable.Range(0, count).Select(_ => (DataViewRowCursor)new Part(provider, splitter)).ToArray();
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _source.Dispose();
        }
    }

    private ColumnBuffer[] MakeBuffers() => _bufferFactories.Select(make => make?.Invoke(_source)).ToArray();

    private int Take(ColumnBuffer[] buffers, DataViewRowId[] ids, ValueGetter<DataViewRowId> idGetter, out long batch)
    {
        lock (_lock)
        {
            batch = _nextBatch++;
            var count = 0;
            while (count < RowsPerBatch && _source.MoveNext())
            {
                idGetter(ref ids[count]);
                foreach (var buffer in buffers)
                {
                    buffer?.Store(count);
                }

                count++;
            }

            return count;
        }
    }

    private sealed class Part : RootCursorBase
    {
        private readonly CursorSplitter _splitter;
        private readonly ColumnBuffer[] _buffers;
        private readonly DataViewRowId[] _ids = new DataViewRowId[RowsPerBatch];
        private readonly ValueGetter<DataViewRowId> _sourceId;
        private int _count;
        private int _row = -1;
        private long _batch;
        private bool _disposed;

        public Part(IChannelProvider provider, CursorSplitter splitter) : base(provider)
        {
            _splitter = splitter;
            _buffers = splitter.MakeBuffers();
            _sourceId = splitter._source.GetIdGetter();
        }

        public override DataViewSchema Schema => _splitter._source.Schema;

        public override long Batch => _batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _buffers[column.Index] != null;

        public override ValueGetter<DataViewRowId> GetIdGetter() =>
            (ref DataViewRowId value) =>
            {
                Ch.Check(IsGood, RowCursorUtils.FetchValueStateError);
                value = _ids[_row];
            };

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Ch.CheckParam(IsColumnActive(column), nameof(column), "requested column not active");
            var buffer = _buffers[column.Index] as ColumnBuffer<TValue>
                ?? throw Ch.Except($"Invalid TValue: '{typeof(TValue)}'");
            return (ref TValue value) =>
            {
                Ch.Check(IsGood, RowCursorUtils.FetchValueStateError);
                buffer.Load(_row, ref value);
            };
        }

        protected override bool MoveNextCore()
        {
            if (++_row < _count)
            {
                return true;
            }

            _row = 0;
            try
            {
                _count = _splitter.Take(_buffers, _ids, _sourceId, out _batch);
            }
            catch (Exception ex)
            {
                throw Contracts.Except(ex, ParallelCursors.WorkerError);
            }

            return _count > 0;
        }

        protected override void Dispose(bool disposing)
        {
            if (!_disposed)
            {
                _disposed = true;
                _splitter.Dispose();
                base.Dispose(disposing);
            }
        }
    }
}

/// <summary>Values of a column for a run of rows.</summary>
internal abstract class ColumnBuffer
{
    public static ColumnBuffer Create(DataViewRow row, DataViewSchema.Column column)
    {
        var raw = column.Type.RawType;
        var (type, argument) = column.Type is VectorDataViewType
            ? (typeof(VectorBuffer<>), raw.GetGenericArguments()[0])
            : (typeof(ScalarBuffer<>), raw);
        return (ColumnBuffer)Activator.CreateInstance(type.MakeGenericType(argument), row, column);
    }

    public abstract void Store(int slot);
}

/// <summary>Values of one .NET type.</summary>
internal abstract class ColumnBuffer<T>(DataViewRow row, DataViewSchema.Column column) : ColumnBuffer
{
    private readonly ValueGetter<T> _getter = row.GetGetter<T>(column);
    private T[] _values = new T[4];

    protected ref T this[int slot] => ref _values[slot];

    public override void Store(int slot)
    {
        if (slot == _values.Length)
        {
            Array.Resize(ref _values, slot * 2);
        }

        _getter(ref _values[slot]);
    }

    public abstract void Load(int slot, ref T value);
}

/// <summary>Values that are copied by assignment.</summary>
internal sealed class ScalarBuffer<T>(DataViewRow row, DataViewSchema.Column column) : ColumnBuffer<T>(row, column)
{
    public override void Load(int slot, ref T value) => value = this[slot];
}

/// <summary>Vectors, whose arrays must not be shared.</summary>
internal sealed class VectorBuffer<T>(DataViewRow row, DataViewSchema.Column column)
    : ColumnBuffer<VBuffer<T>>(row, column)
{
    public override void Load(int slot, ref VBuffer<T> value) => this[slot].CopyTo(ref value);
}
