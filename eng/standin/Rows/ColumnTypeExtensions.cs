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

    public static int GetValueCount(this DataViewType columnType) =>
        columnType is VectorDataViewType vector ? vector.Size : 1;

    public static bool IsKnownSizeVector(this DataViewType columnType) => columnType.GetVectorSize() > 0;

    public static bool SameSizeAndItemType(this DataViewType columnType, DataViewType other)
    {
        if (other == null)
        {
            return false;
        }

        return columnType is VectorDataViewType vector
            ? other is VectorDataViewType otherVector && vector.Size == otherVector.Size
                && vector.ItemType.Equals(otherVector.ItemType)
            : columnType.Equals(other);
    }

    public static PrimitiveDataViewType PrimitiveTypeFromType(Type type) =>
        StandardTypes.TryFind(type, out var found)
            ? found
            : throw Contracts.ExceptParam(nameof(type), $"{type.Name} is not a primitive column type");

    public static NumberDataViewType NumberTypeFromType(Type type) =>
        PrimitiveTypeFromType(type) as NumberDataViewType
        ?? throw Contracts.ExceptParam(nameof(type), $"{type.Name} is not a number type");
}

/// <summary>Sizes of key types.</summary>
internal static class KeyTypeExtensions
{
    public static int GetCountAsInt32(this KeyDataViewType key, IExceptionContext ectx = null) =>
        key.GetKeyCountAsInt32(ectx);
}
