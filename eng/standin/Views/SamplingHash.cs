using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>
/// Numbers in [0, 1) that values hash to: the words of all slots are hashed as one, texts one after the other, each
/// with
/// the hash so far as its seed. Not a number where a slot is missing.
/// </summary>
internal static class SamplingHash
{
    private const int Bits = 30;

    /// <summary>Whether values are hashed as what they are converted to.</summary>
    public static bool IsConverted(DataViewType type) =>
        type is DateTimeDataViewType or DateTimeOffsetDataViewType or TimeSpanDataViewType;

    /// <summary>Makes what gives the number of the current row.</summary>
    public static Func<double> MakeReader(DataViewRow row, DataViewSchema.Column column, uint seed) =>
        (Func<double>)typeof(SamplingHash)
            .GetMethod(
                column.Type is VectorDataViewType ? nameof(MakeVectorReader) : nameof(MakeScalarReader),
                BindingFlags.Static | BindingFlags.NonPublic)
            .MakeGenericMethod(column.Type.GetItemType().RawType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [row, column, seed], null);

    private static Func<double> MakeScalarReader<T>(DataViewRow row, DataViewSchema.Column column, uint seed)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return Number(seed, [value], false);
        };
    }

    private static Func<double> MakeVectorReader<T>(DataViewRow row, DataViewSchema.Column column, uint seed)
    {
        ValueGetter<VBuffer<T>> getter = row.GetGetter<VBuffer<T>>(column);
        bool areKeys = column.Type.GetItemType() is KeyDataViewType;
        VBuffer<T> value = default;
        return () =>
        {
            getter(ref value);
            return Number(seed, value.DenseValues(), areKeys);
        };
    }

    private static double Number<T>(uint seed, IEnumerable<T> slots, bool areKeys)
    {
        byte[][] items = [.. slots.Select(slot => Encode(slot))];
        if (items.Contains(null) || (areKeys && slots.Contains(default)))
        {
            return double.NaN;
        }

        uint hash = typeof(T) == typeof(ReadOnlyMemory<char>)
            ? items.Aggregate(seed, (code, text) => MurmurHash.Hash(code, text))
            : MurmurHash.Hash(seed, items.SelectMany(item => item).ToArray());
        return ((hash & ((1u << Bits) - 1)) + 0.5) / (1u << Bits);
    }

    // Null where the value is missing; both zeros are the same.
    private static byte[] Encode(object value) => value switch
    {
        ReadOnlyMemory<char> text => text.Span.Trim() is { Length: > 0 } trimmed
            ? Encoding.UTF8.GetBytes(trimmed.ToString()) : null,
        float number => float.IsNaN(number) ? null : BitConverter.GetBytes(number == 0 ? 0 : number),
        double number => double.IsNaN(number) ? null : BitConverter.GetBytes(number == 0 ? 0 : number),
        ulong number => BitConverter.GetBytes(number),
        DateTime time => BitConverter.GetBytes(time.Ticks),
        DateTimeOffset time => BitConverter.GetBytes(time.UtcTicks),
        TimeSpan time => BitConverter.GetBytes(time.Ticks),
        long number => BitConverter.GetBytes(number),
        DataViewRowId id => [.. BitConverter.GetBytes(id.Low), .. BitConverter.GetBytes(id.High)],
        _ => BitConverter.GetBytes((uint)Convert.ToInt64(value, CultureInfo.InvariantCulture)),
    };
}
