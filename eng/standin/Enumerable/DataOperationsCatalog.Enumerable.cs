using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed partial class DataOperationsCatalog
{
    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, SchemaDefinition schemaDefinition = null)
        where TRow : class
    {
        _env.CheckValue(data, nameof(data));
        var definition = schemaDefinition ?? SchemaDefinition.Create(typeof(TRow), SchemaDefinition.Direction.Read);
        return new StreamingDataView<TRow>(_env, data, TypedSchema.Create(typeof(TRow), definition));
    }

    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, DataViewSchema schema)
        where TRow : class
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckValue(schema, nameof(schema));
        var definition = TypedSchema.Describe(_env, typeof(TRow), schema);
        return new StreamingDataView<TRow>(_env, data, TypedSchema.Create(typeof(TRow), definition));
    }

    public IEnumerable<TRow> CreateEnumerable<TRow>(IDataView data, bool reuseRowObject,
        bool ignoreMissingColumns = false, SchemaDefinition schemaDefinition = null)
        where TRow : class, new()
    {
        _env.CheckValue(data, nameof(data));
        var host = _env.Register("TypedCursorable");
        var columns = TypedRowWriter<TRow>.Bind(_env, data.Schema, ignoreMissingColumns, schemaDefinition);
        return ReadRows<TRow>(host, data, columns, reuseRowObject);
    }

    private static IEnumerable<TRow> ReadRows<TRow>(IHost host, IDataView data, TypedColumn[] columns, bool reuse)
        where TRow : class, new()
    {
        var needed = columns.Select(column => data.Schema[column.ColumnName]).DistinctBy(column => column.Index);
        using var cursor = data.GetRowCursor(needed);
        using var channel = host.Start("Cursor");
        var writer = TypedRowWriter<TRow>.Create(cursor, columns);
        var row = reuse ? new TRow() : null;
        while (cursor.MoveNext())
        {
            if (!reuse)
            {
                row = new TRow();
            }

            writer.Fill(row);
            yield return row;
        }
    }
}
