using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>A shape to which columns are added, each in the place of the one whose name it takes over.</summary>
internal sealed class ShapeBuilder
{
    private readonly SchemaShape _input;
    private readonly Dictionary<string, int> _places = [];
    private readonly List<SchemaShape.Column> _columns = [];

    public ShapeBuilder(SchemaShape input)
    {
        _input = input;
        foreach (var column in input)
        {
            Set(column);
        }
    }

    /// <summary>The column of the input by that name.</summary>
    public SchemaShape.Column Find(IExceptionContext context, string name) =>
        _input.TryFindColumn(name, out var column)
            ? column
            : throw context.ExceptSchemaMismatch("inputSchema", "input", name);

    public void Set(SchemaShape.Column column)
    {
        if (_places.TryAdd(column.Name, _columns.Count))
        {
            _columns.Add(column);
        }
        else
        {
            _columns[_places[column.Name]] = column;
        }
    }

    public SchemaShape ToShape() => new(_columns);
}
