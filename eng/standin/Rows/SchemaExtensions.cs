namespace Microsoft.ML.Data;

/// <summary>Shortcuts on schemas.</summary>
internal static class SchemaExtensions
{
    public static DataViewSchema MakeSchema(IEnumerable<DataViewSchema.DetachedColumn> columns)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(columns);
        return builder.ToSchema();
    }

    public static bool TryGetColumnIndex(this DataViewSchema schema, string name, out int col)
    {
        var column = schema.GetColumnOrNull(name);
        col = column?.Index ?? -1;
        return column.HasValue;
    }
}
