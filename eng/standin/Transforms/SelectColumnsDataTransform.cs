using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>A view, and a row mapper, that shows chosen columns of its input.</summary>
internal sealed class SelectColumnsDataTransform : IParallelView, IRowToRowMapper
{
    private readonly IHost _host;
    private readonly IDataView _input;
    private readonly int[] _sources;

    public SelectColumnsDataTransform(IHostEnvironment env, IDataView input, int[] sources)
    {
        _host = env.Register(nameof(SelectColumnsDataTransform));
        _input = input;
        _sources = sources;
        Schema = MakeSchema(input.Schema, sources);
    }

    public DataViewSchema Schema { get; }

    public DataViewSchema InputSchema => _input.Schema;

    public DataViewSchema OutputSchema => Schema;

    public bool CanShuffle => _input.CanShuffle;

    public static DataViewSchema MakeSchema(DataViewSchema input, int[] sources) =>
        SchemaExtensions.MakeSchema(sources.Select(index => new DataViewSchema.DetachedColumn(input[index])));

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        var active = Active(columnsNeeded);
        return new Cursor(_host, this, _input.GetRowCursor(Inputs(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n,
        Random rand = null)
    {
        var active = Active(columnsNeeded);
        return _input.GetRowCursorSet(Inputs(active), n, rand)
            .Select(cursor => (DataViewRowCursor)new Cursor(_host, this, cursor, active))
            .ToArray();
    }

    public bool IsReadInParallel(Func<int, bool> active) =>
        ParallelCursors.Wants(_input, _sources.Where((_, i) => active(i)).ToHashSet().Contains);

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        Inputs(RowCursorUtils.FromColumnsToPredicate(dependingColumns, Schema));

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) =>
        new Row(this, input, RowCursorUtils.FromColumnsToPredicate(activeColumns, Schema));

    private Func<int, bool> Active(IEnumerable<DataViewSchema.Column> columnsNeeded)
    {
        var active = new bool[Schema.Count];
        foreach (var column in columnsNeeded)
        {
            active[column.Index] = true;
        }

        return index => active[index];
    }

    private DataViewSchema.Column[] Inputs(Func<int, bool> active) =>
        _sources.Where((_, i) => active(i)).Distinct().Select(index => InputSchema[index]).ToArray();

    private ValueGetter<TValue> Getter<TValue>(DataViewRow input, DataViewSchema.Column column) =>
        input.GetGetter<TValue>(input.Schema[_sources[column.Index]]);

    private sealed class Cursor(
        IChannelProvider provider, SelectColumnsDataTransform parent, DataViewRowCursor input, Func<int, bool> active)
        : SynchronizedCursorBase(provider, input)
    {
        public override DataViewSchema Schema => parent.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => active(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            parent.Getter<TValue>(Input, column);
    }

    private sealed class Row(SelectColumnsDataTransform parent, DataViewRow input, Func<int, bool> active)
        : WrappingRow(input)
    {
        public override DataViewSchema Schema => parent.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => active(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            parent.Getter<TValue>(Input, column);
    }
}
