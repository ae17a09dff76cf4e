using System.Globalization;

namespace Microsoft.ML.Data;

/// <summary>A 128-bit row identifier with operations that derive new identifiers from old ones.</summary>
public readonly struct DataViewRowId : IComparable<DataViewRowId>, IEquatable<DataViewRowId>
{
    public readonly ulong Low;

    public readonly ulong High;

    public DataViewRowId(ulong low, ulong high)
    {
        Low = low;
        High = high;
    }

    public bool Equals(DataViewRowId other) => Low == other.Low && High == other.High;

    public override bool Equals(object obj) => obj is DataViewRowId other && Equals(other);

    public int CompareTo(DataViewRowId other) =>
        High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    public override int GetHashCode() => HashCode.Combine(Low, High);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");

    public DataViewRowId Fork() => Mix(new DataViewRowId(Low ^ 0x9E3779B97F4A7C15UL, High ^ 0xC2B2AE3D27D4EB4FUL));

    public DataViewRowId Next() => Mix(new DataViewRowId(Low + 0x9E3779B97F4A7C15UL, High + 1));

    public DataViewRowId Combine(DataViewRowId other)
    {
        var mixed = Mix(this);
        return Mix(new DataViewRowId(mixed.Low ^ other.Low, mixed.High ^ other.High));
    }

    private static DataViewRowId Mix(DataViewRowId id)
    {
        var low = Scramble(id.Low + id.High * 0xFF51AFD7ED558CCDUL);
        var high = Scramble(id.High ^ low);
        return new DataViewRowId(low + high, high);
    }

    private static ulong Scramble(ulong value)
    {
        value ^= value >> 33;
        value *= 0xFF51AFD7ED558CCDUL;
        value ^= value >> 33;
        value *= 0xC4CEB9FE1A85EC53UL;
        return value ^ (value >> 33);
    }
}
