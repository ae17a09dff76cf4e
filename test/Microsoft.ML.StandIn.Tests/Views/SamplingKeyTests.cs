using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Views;

/// <summary>A row's part depends on its sampling key as the library was seen to have it: hashes of 30 bits.</summary>
public sealed class SamplingKeyTests
{
    private const int Bits = 30;

    [Fact]
    public void Vectors_HashAsTheirWords()
    {
        AssertHash(630698192, 957528763, new Keyed<float[]>([1]));
        AssertHash(0, 290334903, new Keyed<float[]>([]));
        AssertHash(593689054, 955064621, new Keyed<float[]>([-0f]));
        AssertHash(437006270, 835808431, new Keyed<float[]>([1, 2, 3]));
        AssertHash(479037323, 337676197, new Keyed<double[]>([1, 2]));
        AssertHash(56897158, 426604655, new Keyed<int[]>([1, 2]));
        AssertHash(160383120, 454021342, new Keyed<long[]>([1, 2]));
        AssertHash(987256456, 887077178, new Keyed<bool[]>([false, true]));
        AssertHash(40217913, 950513981, new Keyed<DateTime[]>([new(2020, 1, 2), new(2020, 1, 2)]));
    }

    [Fact]
    public void Texts_HashOneAfterTheOther() => AssertHash(644756112, 563939247, new Keyed<string[]>(["a", "b"]));

    [Fact]
    public void TimesOfPlaces_HashAsUniversalOnes() => AssertHash(
        761538950, 555584923, new Keyed<DateTimeOffset>(new(2020, 1, 2, 3, 0, 0, TimeSpan.FromHours(2))));

    [Fact]
    public void MissingSlots_AreInNoPart()
    {
        AssertInNoPart(new Keyed<float[]>([1, float.NaN]));
        AssertInNoPart(new Keyed<string[]>(["a", ""]));
        AssertInNoPart(new Keys());
    }

    private static void AssertHash<T>(int withSeed0, int withSeed1, T row)
        where T : class
    {
        Assert.Equal(withSeed0, Hash(row, 0));
        Assert.Equal(withSeed1, Hash(row, 1));
    }

    private static void AssertInNoPart<T>(T row)
        where T : class => Assert.False(IsInTestSet(row, 1 - 1e-12, 0));

    private static int Hash<T>(T row, int seed)
        where T : class
    {
        int hash = 0;
        for (int bit = 1 << (Bits - 1); bit > 0; bit >>= 1)
        {
            hash += IsInTestSet(row, (hash + bit) / (double)(1 << Bits), seed) ? 0 : bit;
        }

        return hash;
    }

    private static bool IsInTestSet<T>(T row, double fraction, int seed)
        where T : class
    {
        var context = new MLContext(1);
        IDataView view = context.Data.LoadFromEnumerable(new[] { row });
        IDataView test = context.Data.TrainTestSplit(view, fraction, "Key", seed).TestSet;
        using DataViewRowCursor cursor = test.GetRowCursor(test.Schema);
        return cursor.MoveNext();
    }

    private sealed class Keyed<T>(T key)
    {
        public T Key { get; } = key;
    }

    private sealed class Keys
    {
        [KeyType(9)] public uint[] Key = [1, 0];
    }
}
