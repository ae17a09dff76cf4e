namespace Microsoft.ML.Data;

/// <summary>The standard column types by the .NET types that carry their values.</summary>
internal static class StandardTypes
{
    private static readonly Dictionary<Type, PrimitiveDataViewType> _types = new PrimitiveDataViewType[]
    {
        NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16, NumberDataViewType.UInt16,
        NumberDataViewType.Int32, NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64,
        NumberDataViewType.Single, NumberDataViewType.Double, TextDataViewType.Instance,
        BooleanDataViewType.Instance, TimeSpanDataViewType.Instance, DateTimeDataViewType.Instance,
        DateTimeOffsetDataViewType.Instance, RowIdDataViewType.Instance,
    }.ToDictionary(type => type.RawType);

    /// <summary>Finds the column type; a string is text too.</summary>
    public static bool TryFind(Type type, out PrimitiveDataViewType found) =>
        _types.TryGetValue(type == typeof(string) ? typeof(ReadOnlyMemory<char>) : type, out found);
}
