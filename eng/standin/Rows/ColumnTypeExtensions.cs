using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Questions to column types.</summary>
internal static class ColumnTypeExtensions
{
    public static bool IsStandardScalar(this DataViewType columnType) =>
        columnType is NumberDataViewType or TextDataViewType or BooleanDataViewType or RowIdDataViewType
            or TimeSpanDataViewType or DateTimeDataViewType or DateTimeOffsetDataViewType;

    public static ulong GetKeyCount(this DataViewType columnType) => (columnType as KeyDataViewType)?.Count ?? 0;

    public static int GetKeyCountAsInt32(this DataViewType columnType, IExceptionContext ectx = null)
    {
        var count = columnType.GetKeyCount();
        ectx.Check(count <= int.MaxValue,
            $"{nameof(KeyDataViewType)}.{nameof(KeyDataViewType.Count)} exceeds int.MaxValue.");
        return (int)count;
    }

    public static DataViewType GetItemType(this DataViewType columnType) =>
        columnType is VectorDataViewType vector ? vector.ItemType : columnType;

    public static int GetVectorSize(this DataViewType columnType) => (columnType as VectorDataViewType)?.Size ?? 0;

    public static PrimitiveDataViewType PrimitiveTypeFromType(Type type) =>
        StandardTypes.TryFind(type, out var found)
            ? found
            : throw Contracts.ExceptParam(nameof(type), $"{type.Name} is not a primitive column type");
}
