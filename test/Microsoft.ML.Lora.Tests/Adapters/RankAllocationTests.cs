using Microsoft.ML.Lora.Adapters;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Adapters;

public class RankAllocationTests
{
    [Fact]
    public void Layers_get_twice_what_stands_out_of_the_noise()
    {
        IReadOnlyDictionary<string, int> ranks = RankAllocation.Of(
            [("three", 10, Spectrum(5, 4, 3)), ("none", 10, Spectrum()), ("one", 10, Spectrum(9)), ("all", 10, [3, 2, 1, 0, 0, 0])],
            budget: 16);
        Assert.Equal(
            new Dictionary<string, int> { ["three"] = 6, ["none"] = 4, ["one"] = 4, ["all"] = 6 }, ranks);
    }

    [Fact]
    public void A_budget_takes_directions_where_they_matter_least()
    {
        double[] large = Spectrum([.. Enumerable.Repeat(9.0, 10)]), small = Spectrum([.. Enumerable.Repeat(4.0, 10)]);
        IReadOnlyDictionary<string, int> ranks = RankAllocation.Of([("small", 10, small), ("large", 10, large)], budget: 12);
        Assert.Equal(new Dictionary<string, int> { ["small"] = 10, ["large"] = 14 }, ranks);
        ranks = RankAllocation.Of([("small", 10, small), ("large", 10, large)], budget: 8);
        Assert.Equal(new Dictionary<string, int> { ["small"] = 6, ["large"] = 10 }, ranks);
        ranks = RankAllocation.Of([("cheap", 10, large), ("dear", 50, large)], budget: 8);
        Assert.Equal(new Dictionary<string, int> { ["cheap"] = 10, ["dear"] = 6 }, ranks);
    }

    [Fact]
    public void A_budget_below_the_least_rank_gives_the_least_rank() =>
        Assert.Equal(4, RankAllocation.Of([("a", 10, Spectrum(9, 9, 9))], budget: 1)["a"]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_rank_has_the_same_scaling(bool stabilized)
    {
        var ranks = new Dictionary<string, int> { ["a.0.query"] = 4, ["a.1.query"] = 12, ["a.2.query"] = 4 };
        AdapterConfig config = RankAllocation.AtScaling(
            new AdapterConfig { UseRsLora = stabilized, Initialization = AdapterInitialization.Gaussian }, ranks, 2);
        Assert.Equal(AdapterInitialization.Gaussian, config.Initialization);
        Assert.All(ranks, layer =>
        {
            (int rank, float scaling) = config.RankAndScaling(layer.Key);
            Assert.Equal(layer.Value, rank);
            Assert.Equal(2, scaling, 1e-6f);
        });
    }

    // 32 values: those given, then noise of size 1.
    private static double[] Spectrum(params double[] learned) =>
        [.. learned, .. Enumerable.Repeat(1.0, 32 - learned.Length)];
}
