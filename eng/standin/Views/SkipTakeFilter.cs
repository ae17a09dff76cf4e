using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>A view without the first rows of another, up to a number of rows.</summary>
internal sealed class SkipTakeFilter : IDataView
{
    private readonly IHost _host;
    private readonly IDataView _input;
    private readonly long _skip;
    private readonly long _take;

    public SkipTakeFilter(IHostEnvironment env, IDataView input, long skip, long take)
    {
        _host = env.Register(nameof(SkipTakeFilter));
        _input = input;
        _skip = skip;
        _take = take;
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema => _input.Schema;

    public long? GetRowCount() =>
        _input.GetRowCount() is long count ? Math.Min(Math.Max(0, count - _skip), _take) : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        Func<int, bool> active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema);
        return new Cursor(this, _input.GetRowCursor(columnsNeeded), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(
        IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded)];

    private sealed class Cursor : LinkedRootCursorBase
    {
        private readonly SkipTakeFilter _parent;
        private readonly Func<int, bool> _active;
        private bool _skipped;

        public Cursor(SkipTakeFilter parent, DataViewRowCursor input, Func<int, bool> active)
            : base(parent._host, input)
        {
            _parent = parent;
            _active = active;
        }

        public override DataViewSchema Schema => _parent.Schema;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            Input.GetGetter<TValue>(column);

        protected override bool MoveNextCore()
        {
            if (Position + 1 >= _parent._take)
            {
                return false;
            }

            for (long i = _skipped ? _parent._skip : 0; i < _parent._skip; i++)
            {
                if (!Input.MoveNext())
                {
                    return false;
                }
            }

            _skipped = true;
            return Input.MoveNext();
        }
    }
}
