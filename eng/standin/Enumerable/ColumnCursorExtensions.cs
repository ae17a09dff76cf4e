using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Reads one column of a view.</summary>
public static class ColumnCursorExtensions
{
    public static IEnumerable<T> GetColumn<T>(this IDataView data, string columnName) =>
        GetColumn<T>(data, data.Schema[columnName]);

    public static IEnumerable<T> GetColumn<T>(this IDataView data, DataViewSchema.Column column)
    {
        Contracts.CheckValue(data, nameof(data));
        var type = column.Type;
        if (typeof(T) == type.RawType)
        {
            return Plain<T>(data, column);
        }

        if (typeof(T) == typeof(string) && type is TextDataViewType)
        {
            return (IEnumerable<T>)Plain<ReadOnlyMemory<char>>(data, column).Select(text => text.ToString());
        }

        if (typeof(T) == typeof(string[]) && type is VectorDataViewType { ItemType: TextDataViewType })
        {
            return (IEnumerable<T>)Plain<VBuffer<ReadOnlyMemory<char>>>(data, column)
                .Select(texts => texts.DenseValues().Select(text => text.ToString()).ToArray());
        }

        Contracts.CheckParam(
            typeof(T).IsArray && type is VectorDataViewType vector
                && typeof(T).GetElementType() == vector.ItemType.RawType,
            nameof(column), $"Cannot map column (name: {column.Name}, type: {type}) in data to the user-defined " +
            $"type, {typeof(T)}.");
        return (IEnumerable<T>)typeof(ColumnCursorExtensions)
            .GetMethod(nameof(Arrays), BindingFlags.Static | BindingFlags.NonPublic)
            .MakeGenericMethod(typeof(T).GetElementType())
            .Invoke(null, [data, column]);
    }

    private static IEnumerable<TItem[]> Arrays<TItem>(IDataView data, DataViewSchema.Column column) =>
        Plain<VBuffer<TItem>>(data, column).Select(vector => vector.DenseValues().ToArray());

    private static IEnumerable<T> Plain<T>(IDataView data, DataViewSchema.Column column)
    {
        using var cursor = data.GetRowCursor([column]);
        var getter = cursor.GetGetter<T>(column);
        while (cursor.MoveNext())
        {
            T value = default;
            getter(ref value);
            yield return value;
        }
    }
}
