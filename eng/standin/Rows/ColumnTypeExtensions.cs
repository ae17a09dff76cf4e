using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Questions to column types.</summary>
internal static class ColumnTypeExtensions
{
    private static readonly Dictionary<Type, PrimitiveDataViewType> _primitives = new PrimitiveDataViewType[]
    {
        NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16, NumberDataViewType.UInt16,
        NumberDataViewType.Int32, NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64,
        NumberDataViewType.Single, NumberDataViewType.Double, TextDataViewType.Instance,
        BooleanDataViewType.Instance, TimeSpanDataViewType.Instance, DateTimeDataViewType.Instance,
        DateTimeOffsetDataViewType.Instance, RowIdDataViewType.Instance,
    }.ToDictionary(type => type.RawType);

    public static bool IsStandardScalar(this DataViewType columnType) =>
        columnType is NumberDataViewType or TextDataViewType or BooleanDataViewType or RowIdDataViewType
            or TimeSpanDataViewType or DateTimeDataViewType or DateTimeOffsetDataViewType;

    public static ulong GetKeyCount(this DataViewType columnType) => (columnType as KeyDataViewType)?.Count ?? 0;

    public static int GetKeyCountAsInt32(this DataViewType columnType, IExceptionContext ectx = null)
    {
        var count = columnType.GetKeyCount();
        ectx.Check(count <= int.MaxValue, $"{nameof(KeyDataViewType)}.{nameof(KeyDataViewType.Count)} exceeds int.MaxValue.");
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

    /// <summary>The standard column type whose values a .NET type carries; text also for strings.</summary>
    internal static bool TryGetPrimitiveType(Type type, out PrimitiveDataViewType found) =>
        _primitives.TryGetValue(type == typeof(string) ? typeof(ReadOnlyMemory<char>) : type, out found);

    public static PrimitiveDataViewType PrimitiveTypeFromType(Type type) =>
        TryGetPrimitiveType(type, out var found)
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
