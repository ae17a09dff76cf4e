using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Adapters;

public class AdapterStateTests
{
    [Fact]
    public void EveryMismatchIsNamedAtOnce()
    {
        using var parameters = new ParameterSet();
        parameters.Add("a", ParameterRole.Weight, 2, 2);
        parameters.Add("b", ParameterRole.Bias, 3);
        var state = new AdapterState
        {
            ["b"] = new AdapterTensor([4], new float[4]),
            ["c"] = new AdapterTensor([1], new float[1]),
        };
        ArgumentException error = Assert.Throws<ArgumentException>(() => state.CopyTo(parameters));
        Assert.Contains("missing a [2, 2]", error.Message, StringComparison.Ordinal);
        Assert.Contains("b is [4], expected [3]", error.Message, StringComparison.Ordinal);
        Assert.Contains("unexpected c", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MergingNamesUpdatesThatFitNoLayer()
    {
        LinearSlot[] slots = [new("one", LinearRole.Query, 0, TestLayers.Random("one", 4, 6))];
        var state = new AdapterState
        {
            ["one.lora_A.weight"] = new AdapterTensor([2, 5], new float[10]),
            ["one.lora_B.weight"] = new AdapterTensor([6, 2], new float[12]),
            ["two.lora_A.weight"] = new AdapterTensor([2, 4], new float[8]),
        };
        ArgumentException error =
            Assert.Throws<ArgumentException>(() => AdapterMerger.Merge(slots, new AdapterConfig { Rank = 2 }, state));
        Assert.Contains("one.lora_A.weight is [2, 5], expected [2, 4]", error.Message, StringComparison.Ordinal);
        Assert.Contains("unexpected two.lora_A.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MergedRowsAreTheBasesAndTheUpdate()
    {
        FrozenLinear layer = TestLayers.Of("one", 2, 3, [1, 2, 3, 4, 5, 6]);
        var state = new AdapterState
        {
            ["one.lora_A.weight"] = new AdapterTensor([1, 2], [1, -1]),
            ["one.lora_B.weight"] = new AdapterTensor([3, 1], [1, 2, 3]),
        };
        AdapterMerger.Merge([new("one", LinearRole.Query, 0, layer)], new AdapterConfig { Rank = 1, Alpha = 2 }, state);
        Assert.Equal([3, 0, 7, 0, 11, 0], TestLayers.WeightOf(layer));
    }

    [Theory]
    [InlineData("value", 4, 2f)]
    [InlineData("layer.1.attention.self.query", 6, 0.5f)]
    [InlineData("layer.0.attention.self.query", 8, 2f)]
    [InlineData("my_value", 8, 2f)]
    public void PatternsSetRankAndAlphaOfTheNamesTheyEnd(string name, int rank, float scaling)
    {
        var config = new AdapterConfig
        {
            Rank = 8,
            Alpha = 16,
            RankPattern = new Dictionary<string, int> { ["value"] = 4, [@"layer\.1\.attention\.self\.query"] = 6 },
            AlphaPattern = new Dictionary<string, float> { ["value"] = 8, ["1.attention.self.query"] = 3 },
        };
        Assert.Equal((rank, scaling), config.RankAndScaling("encoder." + name));
        Assert.Equal(
            scaling * MathF.Sqrt(rank), (config with { UseRsLora = true }).RankAndScaling("encoder." + name).Scaling, 1e-5f);
    }
}
