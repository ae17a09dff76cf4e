using System.Globalization;

namespace Microsoft.ML.Data;

/// <summary>A 128-bit row identifier with operations that derive new identifiers from old ones.</summary>
public readonly struct DataViewRowId : IComparable<DataViewRowId>, IEquatable<DataViewRowId>
{
    private const ulong LowStep = 0x52DCE729;
    private const ulong HighStep = 0x38495AB5;

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

    public override int GetHashCode() => (Low ^ ulong.RotateLeft(High, 7)).GetHashCode();

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");

    public DataViewRowId Fork()
    {
        var next = Next();
        return new DataViewRowId(next.Low ^ MixLow(1), next.High);
    }

    public DataViewRowId Next() => Round(Low, High);

    public DataViewRowId Combine(DataViewRowId other)
    {
        var fork = other.Fork();
        var low = (ulong.RotateLeft(Low ^ MixLow(fork.Low), 27) + High) * 5 + LowStep;
        var high = (ulong.RotateLeft(High ^ MixHigh(fork.High), 31) + low) * 5 + HighStep;
        return new DataViewRowId(low, high);
    }

    // The steps of the 128-bit MurmurHash3 for 64-bit machines.
    private static DataViewRowId Round(ulong low, ulong high)
    {
        low = (ulong.RotateLeft(low, 27) + high) * 5 + LowStep;
        high = (ulong.RotateLeft(high, 31) + low) * 5 + HighStep;
        return new DataViewRowId(low, high);
    }

    private static ulong MixLow(ulong value) =>
        ulong.RotateLeft(value * 0x87C37B91114253D5UL, 31) * 0x4CF5AD432745937FUL;

    private static ulong MixHigh(ulong value) =>
        ulong.RotateLeft(value * 0x4CF5AD432745937FUL, 33) * 0x87C37B91114253D5UL;
}
