using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A view over objects, read afresh by each cursor.</summary>
internal sealed class StreamingDataView<TRow> : IDataView
    where TRow : class
{
    private readonly IHost _host;
    private readonly IEnumerable<TRow> _data;
    private readonly TypedSchema _typed;

    public StreamingDataView(IHostEnvironment env, IEnumerable<TRow> data, TypedSchema typed)
    {
        _host = env.Register("StreamingDataView");
        _data = data;
        _typed = typed;
        Schema = typed.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => false;

    public long? GetRowCount() => _data is ICollection<TRow> collection ? collection.Count : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(this, RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n,
        Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : RootCursorBase
    {
        private readonly StreamingDataView<TRow> _parent;
        private readonly Func<int, bool> _active;
        private readonly Delegate[] _getters;
        private readonly IEnumerator<TRow> _enumerator;
        private TRow _current;
        private bool _disposed;

        public Cursor(StreamingDataView<TRow> parent, Func<int, bool> active) : base(parent._host)
        {
            _parent = parent;
            _active = active;
            _enumerator = parent._data.GetEnumerator();
            _getters = parent._typed.Columns
                .Select((column, i) => active(i) ? MemberAccess<TRow>.MakeGetter(column, () => _current) : null)
                .ToArray();
        }

        public override DataViewSchema Schema => _parent.Schema;

        public override long Batch => 0;

        public override ValueGetter<DataViewRowId> GetIdGetter() =>
            (ref DataViewRowId value) =>
            {
                Ch.Check(IsGood, RowCursorUtils.FetchValueStateError);
                value = new DataViewRowId((ulong)Position, 0);
            };

        public override bool IsColumnActive(DataViewSchema.Column column)
        {
            CheckIndex(column);
            return _active(column.Index);
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            _parent._host.CheckParam(_active(column.Index), nameof(column), "requested column not active");
            return TypedGetters.Check<TValue>(_parent._host, _getters[column.Index], Schema[column.Index]);
        }

        protected override bool MoveNextCore()
        {
            if (!_enumerator.MoveNext())
            {
                _current = null;
                return false;
            }

            _current = _enumerator.Current;
            Ch.Check(_current != null, "Encountered null when iterating over data, this is not supported.");
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (!_disposed)
            {
                _disposed = true;
                _enumerator.Dispose();
                base.Dispose(disposing);
            }
        }

        private void CheckIndex(DataViewSchema.Column column) =>
            _parent._host.Check((uint)column.Index < (uint)Schema.Count,
                $"Column index must be between 0 and {Schema.Count}");
    }
}
