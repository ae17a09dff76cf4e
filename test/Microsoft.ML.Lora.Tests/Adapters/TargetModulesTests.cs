using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Adapters;

public class TargetModulesTests
{
    private static readonly IReadOnlyList<LinearSlot> _slots = [.. BertSlots(layers: 2)];

    [Fact]
    public void PresetsGoByThePartALayerPlays()
    {
        Assert.Equal(12, Select(TargetModules.AllLinear).Count);
        Assert.Equal(["query", "value"], Select(TargetModules.QueryValue).Select(Last).Distinct());
        Assert.Equal(8, Select(TargetModules.Attention).Count);
        Assert.Equal(
            ["encoder.layer.0.intermediate.dense", "encoder.layer.0.output.dense"], Select(TargetModules.FeedForward).Take(2));
    }

    // As in PEFT, "output.dense" is the end of "attention.output.dense" too.
    [Fact]
    public void NamesMatchWholePathsOrTheirEndsAfterADot()
    {
        Assert.Equal(2, Select(TargetModules.ByName("query")).Count);
        Assert.Equal(4, Select(TargetModules.ByName("output.dense")).Count);
        Assert.Equal(2, Select(TargetModules.ByName("attention.output.dense")).Count);
        Assert.Single(Select(TargetModules.ByName("encoder.layer.1.attention.self.key")));
        Assert.Throws<ArgumentException>(() => Select(TargetModules.ByName("uery")));
    }

    [Fact]
    public void PatternsMatchWholeNames()
    {
        Assert.Equal(4, Select(TargetModules.ByPattern(@".*\.1\..*(query|key|value|attention\.output\.dense)")).Count);
        Assert.Throws<ArgumentException>(() => Select(TargetModules.ByPattern("query")));
    }

    [Fact]
    public void LayersToTransformNarrowTheChoice() =>
        Assert.All(
            TargetModules.AllLinear.Select(_slots, [1]), slot => Assert.StartsWith("encoder.layer.1.", slot.Name, StringComparison.Ordinal));

    [Fact]
    public void NoMatchListsTheCandidates()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => TargetModules.ByName("q_proj").Select(_slots, [0]));
        Assert.Contains("'q_proj' in layers 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("encoder.layer.1.output.dense", error.Message, StringComparison.Ordinal);
    }

    private static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];

    private static IReadOnlyList<string> Select(TargetModules modules) => [.. modules.Select(_slots, null).Select(slot => slot.Name)];

    private static IEnumerable<LinearSlot> BertSlots(int layers)
    {
        (string Name, LinearRole Role)[] parts =
        [
            ("attention.self.query", LinearRole.Query), ("attention.self.key", LinearRole.Key),
            ("attention.self.value", LinearRole.Value), ("attention.output.dense", LinearRole.AttentionOutput),
            ("intermediate.dense", LinearRole.Intermediate), ("output.dense", LinearRole.Output),
        ];
        return from layer in Enumerable.Range(0, layers)
               from part in parts
               let name = $"encoder.layer.{layer}.{part.Name}"
               select new LinearSlot(name, part.Role, layer, TestLayers.Random(name, 4, 4));
    }
}
