using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tensors;

public class RandomStreamTests
{
    private const int Count = 200_000;

    [Fact]
    public void ValuesDependOnSeedNameAndPositionAlone()
    {
        var stream = new RandomStream(1, "a");
        Assert.Equal(stream.Bits(5), new RandomStream(1, "a").Bits(5));
        Assert.NotEqual(stream.Bits(5), stream.Bits(6));
        Assert.NotEqual(stream.Bits(5), new RandomStream(2, "a").Bits(5));
        Assert.NotEqual(stream.Bits(5), new RandomStream(1, "b").Bits(5));
        Assert.NotEqual(stream.Fork(1).Bits(5), stream.Fork(2).Bits(5));
        Assert.NotEqual(stream.Fork("1").Bits(5), stream.Fork("2").Bits(5));
    }

    [Fact]
    public void MomentsAreThoseOfTheDistributions()
    {
        var stream = new RandomStream(3, "moments");
        var uniform = Enumerable.Range(0, Count).Select(i => stream.Uniform(i)).ToList();
        var normal = Enumerable.Range(0, Count).Select(i => stream.Normal(i)).ToList();
        Assert.All(uniform, u => Assert.InRange(u, 0, 0.9999999999999999));
        Assert.InRange(uniform.Average(), 0.497, 0.503);
        Assert.InRange(uniform.Average(u => u * u), 0.331, 0.336);
        Assert.InRange(normal.Average(), -0.01, 0.01);
        Assert.InRange(normal.Average(z => z * z), 0.985, 1.015);
        Assert.InRange(normal.Average(z => z * z * z * z), 2.9, 3.1);
    }

    [Fact]
    public void IntegersCoverTheirRangeEvenly()
    {
        var stream = new RandomStream(4, "integers");
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
        {
            counts[stream.Integer(i, 7)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Integer(0, 0));
    }

    [Fact]
    public void AShuffleIsAPermutationAndTheSameEachTime()
    {
        var first = Enumerable.Range(0, 100).ToArray();
        var second = Enumerable.Range(0, 100).ToArray();
        new RandomStream(5, "order").Shuffle<int>(first);
        new RandomStream(5, "order").Shuffle<int>(second);
        Assert.Equal(first, second);
        Assert.NotEqual(Enumerable.Range(0, 100), first);
        Assert.Equal(Enumerable.Range(0, 100), first.Order());
    }

    // The numbers of a seed are part of what a saved training run can be repeated from.
    [Fact]
    public void TheStreamItselfNeverChanges() => Assert.Equal(Pinned, new RandomStream(42, "weights").Bits(7));

    private const ulong Pinned = 9498059342070497659;
}
