using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Adapters;

/// <summary>The decomposition of an update from its factors, against the update formed and decomposed whole.</summary>
public class UpdateSvdTests
{
    private const float Scaling = 1.7f;

    [Theory]
    [InlineData(20, 30, 4)]
    [InlineData(30, 20, 1)]
    [InlineData(6, 9, 6)]
    [InlineData(5, 40, 12)]
    [InlineData(40, 5, 12)]
    [InlineData(4, 5, 9)]
    public void Singular_values_are_those_of_the_whole_update(int outputs, int inputs, int rank)
    {
        (AdapterTensor a, AdapterTensor b) = Factors(outputs, inputs, rank);
        UpdateSvd svd = UpdateSvd.Of(a, b, Scaling);
        double[] expected = [.. Whole(a, b, Scaling).Svd(computeVectors: false).S];
        Assert.Equal(Math.Min(rank, Math.Min(outputs, inputs)), svd.Values.Length);
        for (int i = 0; i < svd.Values.Length; i++)
        {
            Assert.Equal(expected[i], svd.Values[i], 1e-5 * expected[0]);
        }
        (AdapterTensor fullA, AdapterTensor fullB) = svd.Truncate(svd.Values.Length, 0.5f);
        Assert.InRange((Whole(a, b, Scaling) - Whole(fullA, fullB, 0.5f)).FrobeniusNorm(), 0, 1e-5 * expected[0]);
    }

    // The theorem of Eckart and Young: no update of that rank is nearer, and the distance is what was left out.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Cutting_leaves_out_no_more_than_it_must(int rank)
    {
        (AdapterTensor a, AdapterTensor b) = Factors(15, 25, 6);
        UpdateSvd svd = UpdateSvd.Of(a, b, Scaling);
        (AdapterTensor cutA, AdapterTensor cutB) = svd.Truncate(rank, Scaling);
        Assert.Equal([rank, 25], cutA.Shape);
        Assert.Equal([15, rank], cutB.Shape);
        double left = Math.Sqrt(svd.Values.Skip(rank).Sum(value => value * value));
        Assert.Equal(left, (Whole(a, b, Scaling) - Whole(cutA, cutB, Scaling)).FrobeniusNorm(), 1e-4 * left);
    }

    [Fact]
    public void An_update_of_zero_has_a_decomposition()
    {
        (AdapterTensor a, AdapterTensor b) = Factors(8, 9, 3);
        Array.Clear(b.Values);
        UpdateSvd svd = UpdateSvd.Of(a, b, Scaling);
        Assert.All(svd.Values, value => Assert.Equal(0, value));
        Assert.All(svd.Truncate(2, 1).B.Values, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Ranks_become_a_config_that_gives_them_to_the_layers()
    {
        var ranks = new Dictionary<string, int> { ["a.0.query"] = 4, ["a.1.query"] = 2, ["a.2.query"] = 4, ["b+c"] = 1 };
        var config = new AdapterConfig { Rank = 16, AlphaPattern = new Dictionary<string, float> { ["query"] = 3 } };
        AdapterConfig smaller = UpdateTruncation.WithRanks(config, ranks);
        Assert.Equal(4, smaller.Rank);
        Assert.All(ranks, layer => Assert.Equal(
            (layer.Value, 16f / layer.Value), smaller.RankAndScaling(layer.Key)));
    }

    private static (AdapterTensor A, AdapterTensor B) Factors(int outputs, int inputs, int rank)
    {
        float[] a = new float[rank * inputs], b = new float[outputs * rank];
        new RandomStream(1, "a").FillNormal(a, 1);
        new RandomStream(1, "b").FillNormal(b, 1);
        return (new AdapterTensor([rank, inputs], a), new AdapterTensor([outputs, rank], b));
    }

    private static MathNet.Numerics.LinearAlgebra.Matrix<double> Whole(AdapterTensor a, AdapterTensor b, float scaling) =>
        scaling * Dense(b) * Dense(a);

    private static MathNet.Numerics.LinearAlgebra.Matrix<double> Dense(AdapterTensor tensor) =>
        MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.Dense(
            tensor.Shape[0], tensor.Shape[1], (i, j) => tensor.Values[(i * tensor.Shape[1]) + j]);
}
