using System.Collections.Immutable;
using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>The first rows of a view as objects, by row and by column.</summary>
public sealed class DataDebuggerPreview
{
    internal DataDebuggerPreview(IDataView data, int maxRows)
    {
        Schema = data.Schema;
        var rows = new List<KeyValuePair<string, object>[]>();
        using (var cursor = data.GetRowCursor(data.Schema))
        {
            var readers = data.Schema.Select(column => MakeReader(cursor, column)).ToArray();
            while (rows.Count < maxRows && cursor.MoveNext())
            {
                rows.Add(readers.Select((read, i) =>
                    new KeyValuePair<string, object>(data.Schema[i].Name, read())).ToArray());
            }
        }

        RowView = [.. rows.Select(values => new RowInfo(values))];
        ColumnView = [.. data.Schema.Select(column =>
            new ColumnInfo(column, rows.Select(values => values[column.Index].Value).ToArray()))];
    }

    public DataViewSchema Schema { get; }

    public ImmutableArray<ColumnInfo> ColumnView { get; }

    public ImmutableArray<RowInfo> RowView { get; }

    public override string ToString() => $"{Schema.Count} columns, {RowView.Length} rows";

    private static Func<object> MakeReader(DataViewRow row, DataViewSchema.Column column) =>
        (Func<object>)typeof(DataDebuggerPreview)
            .GetMethod(nameof(MakeTypedReader), BindingFlags.Static | BindingFlags.NonPublic)
            .MakeGenericMethod(column.Type.RawType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [row, column], null);

    private static Func<object> MakeTypedReader<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        return () =>
        {
            T value = default;
            getter(ref value);
            return value;
        };
    }

    /// <summary>A row's values by column name.</summary>
    public sealed class RowInfo
    {
        internal RowInfo(KeyValuePair<string, object>[] values)
        {
            Values = values;
        }

        public KeyValuePair<string, object>[] Values { get; }

        public override string ToString() => $"{Values.Length} columns";
    }

    /// <summary>A column's values by row.</summary>
    public sealed class ColumnInfo
    {
        internal ColumnInfo(DataViewSchema.Column column, object[] values)
        {
            Column = column;
            Values = values;
        }

        public DataViewSchema.Column Column { get; }

        public object[] Values { get; }

        public override string ToString() => $"{Column.Name}: {Column.Type}";
    }
}
