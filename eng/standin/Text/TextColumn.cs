namespace Microsoft.ML.Data;

/// <summary>
/// Neighbouring fields that belong to a column: from <paramref name="Min"/> to before <paramref name="Lim"/>.
/// </summary>
internal readonly record struct TextSegment(int Min, int Lim, bool ForceVector)
{
    /// <summary>The limit of a segment that reaches to the end of the line.</summary>
    public const int LineEnd = int.MaxValue;

    public bool IsVariable => Lim == LineEnd;
}

/// <summary>A column of a text loader, checked and with every range resolved.</summary>
internal sealed class TextColumn
{
    /// <param name="name">The column's name.</param>
    /// <param name="kind">The kind of its items.</param>
    /// <param name="keyType">The item type of a key column, else null.</param>
    /// <param name="segments">The fields, in the order of the slots.</param>
    public TextColumn(string name, DataKind kind, KeyDataViewType keyType, TextSegment[] segments)
    {
        Name = name;
        Kind = kind;
        KeyType = keyType;
        Segments = segments;
        Sorted = [.. segments.OrderBy(segment => segment.Min)];
        IsVariable = segments.Any(segment => segment.IsVariable);
        IsVector = IsVariable || segments.Length > 1 || segments[0].ForceVector
            || segments[0].Lim - segments[0].Min > 1;
        Size = IsVariable ? 0 : segments.Sum(segment => segment.Lim - segment.Min);
        PrimitiveDataViewType item = keyType ?? ItemType(kind);
        Type = IsVector ? new VectorDataViewType(item, Size) : item;
    }

    public string Name { get; }

    public DataKind Kind { get; }

    public KeyDataViewType KeyType { get; }

    public TextSegment[] Segments { get; }

    /// <summary>The segments by ascending field index.</summary>
    public TextSegment[] Sorted { get; }

    public bool IsVariable { get; }

    public bool IsVector { get; }

    /// <summary>The number of slots; 0 when it varies.</summary>
    public int Size { get; }

    public DataViewType Type { get; }

    public static PrimitiveDataViewType ItemType(DataKind kind) => kind switch
    {
        DataKind.SByte => NumberDataViewType.SByte,
        DataKind.Byte => NumberDataViewType.Byte,
        DataKind.Int16 => NumberDataViewType.Int16,
        DataKind.UInt16 => NumberDataViewType.UInt16,
        DataKind.Int32 => NumberDataViewType.Int32,
        DataKind.UInt32 => NumberDataViewType.UInt32,
        DataKind.Int64 => NumberDataViewType.Int64,
        DataKind.UInt64 => NumberDataViewType.UInt64,
        DataKind.Single => NumberDataViewType.Single,
        DataKind.Double => NumberDataViewType.Double,
        DataKind.Boolean => BooleanDataViewType.Instance,
        DataKind.TimeSpan => TimeSpanDataViewType.Instance,
        DataKind.DateTime => DateTimeDataViewType.Instance,
        DataKind.DateTimeOffset => DateTimeOffsetDataViewType.Instance,
        _ => TextDataViewType.Instance,
    };
}
