using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>A view with a column of random numbers in [0, 1) added: the same ones for every cursor.</summary>
internal sealed class GenerateNumberTransform : IDataView
{
    private readonly IHost _host;
    private readonly IDataView _input;
    private readonly uint _seed;
    private readonly int _added;

    public GenerateNumberTransform(IHostEnvironment env, IDataView input, string name, uint seed)
    {
        _host = env.Register("GenerateNumber");
        _input = input;
        _seed = seed;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input.Schema);
        builder.AddColumn(name, NumberDataViewType.Single);
        Schema = builder.ToSchema();
        _added = input.Schema.Count;
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        Func<int, bool> active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema);
        return new Cursor(this, _input.GetRowCursor(_input.Schema.Where(column => active(column.Index))), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(
        IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded)];

    private sealed class Cursor : LinkedRootCursorBase
    {
        private readonly GenerateNumberTransform _parent;
        private readonly Func<int, bool> _active;
        private readonly TauswortheHybrid _random;
        private float _number;

        public Cursor(GenerateNumberTransform parent, DataViewRowCursor input, Func<int, bool> active)
            : base(parent._host, input)
        {
            _parent = parent;
            _active = active;
            _random = RandomUtils.Create(parent._seed);
        }

        public override DataViewSchema Schema => _parent.Schema;

        public override long Batch => Input.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Ch.CheckParam(_active(column.Index), nameof(column), "requested column not active");
            if (column.Index != _parent._added)
            {
                return Input.GetGetter<TValue>(Input.Schema[column.Index]);
            }

            ValueGetter<float> getter = (ref float value) => value = _number;
            return TypedGetters.Check<TValue>(Ch, getter, column);
        }

        protected override bool MoveNextCore()
        {
            if (!Input.MoveNext())
            {
                return false;
            }

            _number = _random.NextSingle();
            return true;
        }
    }
}
