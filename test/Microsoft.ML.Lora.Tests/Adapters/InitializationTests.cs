using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Adapters;

public class InitializationTests
{
    [Theory]
    [InlineData("Kaiming")]
    [InlineData("Gaussian")]
    [InlineData("Orthogonal")]
    [InlineData("Pissa")]
    [InlineData("Olora")]
    public void TheAdaptedLayerStartsAsTheBases(string kind)
    {
        FrozenLinear frozen = TestLayers.Random("layer", 40, 24);
        float[] weight = TestLayers.WeightOf(frozen);
        using var parameters = new ParameterSet();
        LoraLinear layer = Initialized(frozen, rank: 4, Enum.Parse<AdapterInitialization>(kind), parameters);
        Matrix<double> sum = Dense(TestLayers.WeightOf(frozen), 24, 40) + (layer.Scaling * Product(layer));
        Assert.InRange((sum - Dense(weight, 24, 40)).InfinityNorm(), 0, 1e-4);
        Assert.NotEqual(0, layer.A.Value.Span.ToArray().Sum(Math.Abs));
    }

    [Theory]
    [InlineData(20, 30)]
    [InlineData(160, 140)]
    [InlineData(300, 200)]
    public void PissaTakesTheLeadingSingularDirections(int inFeatures, int outFeatures)
    {
        // Singular values that fall like those of trained weights.
        float[] values = DecayingWeight(inFeatures, outFeatures);
        FrozenLinear frozen = TestLayers.Of("layer", inFeatures, outFeatures, values);
        Vector<double> expected = Dense(values, outFeatures, inFeatures).Svd(computeVectors: false).S;
        using var parameters = new ParameterSet();
        LoraLinear layer = Initialized(frozen, rank: 4, AdapterInitialization.Pissa, parameters);
        Vector<double> taken = (layer.Scaling * Product(layer)).Svd(computeVectors: false).S;
        Vector<double> left = Dense(TestLayers.WeightOf(frozen), outFeatures, inFeatures).Svd(computeVectors: false).S;
        for (int i = 0; i < 4; i++)
        {
            Assert.InRange(taken[i] / expected[i], 1 - 1e-4, 1 + 1e-4);
            Assert.InRange(left[i] / expected[4 + i], 1 - 1e-3, 1 + 1e-3);
        }
    }

    [Fact]
    public void KaimingIsUniformWithinTheRootOfTheWidth()
    {
        using var parameters = new ParameterSet();
        LoraLinear layer = Initialized(TestLayers.Random("layer", 400, 8), 16, AdapterInitialization.Kaiming, parameters);
        float[] a = layer.A.Value.Span.ToArray();
        Assert.All(a, value => Assert.InRange(value, -0.05f, 0.05f));
        Assert.InRange(a.Max(), 0.0499f, 0.05f);
        Assert.All(layer.B.Value.Span.ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void OrthogonalNeedsAnEvenRank()
    {
        using var parameters = new ParameterSet();
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => Initialized(TestLayers.Random("layer", 8, 8), 3, AdapterInitialization.Orthogonal, parameters));
        Assert.Contains("rank 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SeedAndNameDecide()
    {
        Assert.Equal(Start("one", 1), Start("one", 1));
        Assert.NotEqual(Start("one", 1), Start("one", 2));
        Assert.NotEqual(Start("one", 1), Start("two", 1));

        static float[] Start(string name, ulong seed)
        {
            using var parameters = new ParameterSet();
            LoraLinear layer = Initialized(
                TestLayers.Random(name, 8, 8), 2, AdapterInitialization.Gaussian, parameters, seed);
            return layer.A.Value.Span.ToArray();
        }
    }

    private static LoraLinear Initialized(
        FrozenLinear frozen, int rank, AdapterInitialization kind, ParameterSet parameters, ulong seed = 5)
    {
        var layer = new LoraLinear(frozen, rank, scaling: 0.5f, dropout: 0, stream: 0, parameters);
        AdapterInjector.Initialize([layer], kind, new RandomStream(seed, "test"));
        return layer;
    }

    private static Matrix<double> Product(LoraLinear layer) =>
        Dense(layer.B.Value.Span.ToArray(), layer.OutFeatures, layer.Rank) *
        Dense(layer.A.Value.Span.ToArray(), layer.Rank, layer.InFeatures);

    private static Matrix<double> Dense(float[] values, int rows, int columns) =>
        Matrix<double>.Build.Dense(rows, columns, (i, j) => values[(i * columns) + j]);

    private static float[] DecayingWeight(int inFeatures, int outFeatures)
    {
        var random = new RandomStream(9, "weight");
        Matrix<double> u = Matrix<double>.Build.Dense(outFeatures, outFeatures, (i, j) => random.Normal((i * 1000) + j)).QR().Q;
        Matrix<double> v = Matrix<double>.Build.Dense(inFeatures, inFeatures, (i, j) => random.Normal(1_000_000 + (i * 1000) + j)).QR().Q;
        Matrix<double> s = Matrix<double>.Build.Dense(outFeatures, inFeatures, (i, j) => i == j ? 10 / Math.Pow(i + 1, 0.4) : 0);
        return [.. (u * s * v).ToRowMajorArray().Select(value => (float)value)];
    }
}
