namespace Microsoft.ML.Data;

/// <summary>
/// The schema of an input with columns added: a new column stands right behind the one whose name it takes over
/// (hidden from then on), or at the end.
/// </summary>
internal sealed class ColumnBindings
{
    private readonly (bool IsInput, int Index)[] _sources;

    public ColumnBindings(DataViewSchema input, DataViewSchema.DetachedColumn[] added)
    {
        InputSchema = input;
        var order = input.Select(column => (IsInput: true, column.Index)).ToList();
        for (var i = 0; i < added.Length; i++)
        {
            var replaced = order.FindLastIndex(source =>
                (source.IsInput ? input[source.Index].Name : added[source.Index].Name) == added[i].Name);
            order.Insert(replaced < 0 ? order.Count : replaced + 1, (false, i));
        }

        _sources = [.. order];
        Schema = SchemaExtensions.MakeSchema(_sources.Select(source =>
            source.IsInput ? new DataViewSchema.DetachedColumn(input[source.Index]) : added[source.Index]));
        AddedColumnIndices = new int[added.Length];
        for (var i = 0; i < _sources.Length; i++)
        {
            if (!_sources[i].IsInput)
            {
                AddedColumnIndices[_sources[i].Index] = i;
            }
        }
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema Schema { get; }

    /// <summary>Where each added column stands in the schema.</summary>
    public int[] AddedColumnIndices { get; }

    /// <summary>The column of the input, or else the added column, that an output column is.</summary>
    public (bool IsInput, int Index) this[int column] => _sources[column];

    /// <summary>Whether each added column is among those wanted.</summary>
    public Func<int, bool> ActiveAdded(Func<int, bool> active) => added => active(AddedColumnIndices[added]);

    /// <summary>The input columns that wanted columns are, or that wanted added columns depend on.</summary>
    public DataViewSchema.Column[] InputsFor(Func<int, bool> active,
        Func<Func<int, bool>, Func<int, bool>> dependencies)
    {
        var needed = new bool[InputSchema.Count];
        for (var i = 0; i < _sources.Length; i++)
        {
            if (_sources[i].IsInput && active(i))
            {
                needed[_sources[i].Index] = true;
            }
        }

        var depends = dependencies(ActiveAdded(active));
        return InputSchema.Where(column => needed[column.Index] || depends(column.Index)).ToArray();
    }
}
