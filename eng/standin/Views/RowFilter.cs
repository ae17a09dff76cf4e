using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>A view of those rows of another that pass a test.</summary>
internal abstract class RowFilter : IParallelView
{
    private readonly int[] _tested;

    /// <param name="host">The environment of the filter.</param>
    /// <param name="input">The rows.</param>
    /// <param name="tested">The columns that the test looks at.</param>
    protected RowFilter(IHost host, IDataView input, int[] tested)
    {
        Host = host;
        Input = input;
        _tested = tested;
    }

    public bool CanShuffle => Input.CanShuffle;

    public DataViewSchema Schema => Input.Schema;

    protected IHost Host { get; }

    protected IDataView Input { get; }

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        Func<int, bool> active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema);
        return IsReadInParallel(active)
            ? ParallelCursors.Open(Host, this, columnsNeeded, rand)
            : new Cursor(this, Input.GetRowCursor(WithTested(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(
        IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        Func<int, bool> active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema);
        return [.. Input.GetRowCursorSet(WithTested(active), n, rand)
            .Select(cursor => new Cursor(this, cursor, active))];
    }

    public bool IsReadInParallel(Func<int, bool> active) =>
        ParallelCursors.Wants(Input, index => active(index) || _tested.Contains(index));

    /// <summary>Throws where a tested value cannot be fetched.</summary>
    protected abstract void CheckState(IChannel channel, bool isGood);

    /// <summary>Makes the test of a cursor's current row.</summary>
    protected abstract Func<bool> MakeTest(DataViewRow row);

    private DataViewSchema.Column[] WithTested(Func<int, bool> active) =>
        [.. Schema.Where(column => active(column.Index) || _tested.Contains(column.Index))];

    private sealed class Cursor : LinkedRootCursorBase
    {
        private readonly RowFilter _parent;
        private readonly Func<int, bool> _active;
        private readonly Func<bool> _passes;

        public Cursor(RowFilter parent, DataViewRowCursor input, Func<int, bool> active)
            : base(parent.Host, input)
        {
            _parent = parent;
            _active = active;
            _passes = parent.MakeTest(input);
        }

        public override DataViewSchema Schema => _parent.Schema;

        public override long Batch => Input.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Ch.Check(_active(column.Index));
            if (!_parent._tested.Contains(column.Index))
            {
                return Input.GetGetter<TValue>(column);
            }

            if (typeof(TValue) != column.Type.RawType)
            {
                throw Ch.Except(
                    $"Invalid TValue in GetGetter: '{typeof(TValue)}', expected type: '{column.Type.RawType}'.");
            }

            ValueGetter<TValue> getter = Input.GetGetter<TValue>(column);
            return (ref TValue value) =>
            {
                _parent.CheckState(Ch, IsGood);
                getter(ref value);
            };
        }

        protected override bool MoveNextCore()
        {
            while (Input.MoveNext())
            {
                if (_passes())
                {
                    return true;
                }
            }

            return false;
        }
    }
}
