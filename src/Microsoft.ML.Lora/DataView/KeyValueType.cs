using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lora.DataView;

/// <summary>One type that the values behind a key may have: read from an annotation, kept as text, written back.</summary>
internal abstract class KeyValueType(PrimitiveDataViewType itemType)
{
    private static readonly CultureInfo _culture = CultureInfo.InvariantCulture;

    /// <summary>Every type ML.NET maps to keys, by the name it prints.</summary>
    public static IReadOnlyDictionary<string, KeyValueType> All { get; } = new KeyValueType[]
    {
        new KeyValueType<ReadOnlyMemory<char>>(TextDataViewType.Instance, v => v.ToString(), s => s.AsMemory()),
        new KeyValueType<bool>(BooleanDataViewType.Instance, v => v ? "true" : "false", s => s == "true"),
        Number(NumberDataViewType.SByte, sbyte.Parse),
        Number(NumberDataViewType.Byte, byte.Parse),
        Number(NumberDataViewType.Int16, short.Parse),
        Number(NumberDataViewType.UInt16, ushort.Parse),
        Number(NumberDataViewType.Int32, int.Parse),
        Number(NumberDataViewType.UInt32, uint.Parse),
        Number(NumberDataViewType.Int64, long.Parse),
        Number(NumberDataViewType.UInt64, ulong.Parse),
        Number(NumberDataViewType.Single, float.Parse),
        Number(NumberDataViewType.Double, double.Parse),
        new KeyValueType<DateTime>(DateTimeDataViewType.Instance, v => v.ToString("O", _culture),
            s => DateTime.Parse(s, _culture, DateTimeStyles.RoundtripKind)),
        new KeyValueType<DateTimeOffset>(DateTimeOffsetDataViewType.Instance, v => v.ToString("O", _culture),
            s => DateTimeOffset.Parse(s, _culture, DateTimeStyles.RoundtripKind)),
        new KeyValueType<TimeSpan>(TimeSpanDataViewType.Instance, v => v.ToString("c", _culture),
            s => TimeSpan.Parse(s, _culture)),
    }.ToDictionary(type => type.Name);

    /// <summary>The type as ML.NET knows it.</summary>
    public PrimitiveDataViewType ItemType { get; } = itemType;

    /// <summary>The name ML.NET prints for the type, as written to files.</summary>
    public string Name { get; } = itemType.ToString()!;

    /// <summary>The values of an annotation of this type as invariant text.</summary>
    public abstract string[] Read(DataViewSchema.Annotations annotations, string kind);

    /// <summary>Adds the values as an annotation of this type.</summary>
    public abstract void Add(DataViewSchema.Annotations.Builder builder, string kind, IReadOnlyList<string> values);

    private static KeyValueType<T> Number<T>(NumberDataViewType type, Func<string, IFormatProvider, T> parse)
        where T : IFormattable =>
        new(type, v => v.ToString(null, _culture), s => parse(s, _culture));
}

/// <summary>A <see cref="KeyValueType"/> whose values are <typeparamref name="T"/>.</summary>
internal sealed class KeyValueType<T>(PrimitiveDataViewType itemType, Func<T, string> format, Func<string, T> parse)
    : KeyValueType(itemType)
{
    public override string[] Read(DataViewSchema.Annotations annotations, string kind)
    {
        VBuffer<T> values = default;
        annotations.GetValue(kind, ref values);
        return [.. values.DenseValues().Select(format)];
    }

    public override void Add(
        DataViewSchema.Annotations.Builder builder, string kind, IReadOnlyList<string> values)
    {
        T[] typed = [.. values.Select(parse)];
        builder.Add(kind, new VectorDataViewType(ItemType, typed.Length),
            (ref VBuffer<T> value) => VBuffer<T>.Copy(typed, 0, ref value, typed.Length));
    }
}
