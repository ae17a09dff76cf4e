using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Layers;

/// <summary>Weights that are packed once for several layers: each computes as if it had its own, updates apart.</summary>
[Collection(KernelTests.Name)]
public sealed class PanelCacheTests : IDisposable
{
    private const int In = 37;
    private const int Out = 53;
    private const int Rows = 9;

    private readonly GuardedMatrix _input = GuardedMatrix.Random(Rows, In, "input");
    private readonly GuardedMatrix _gradient = GuardedMatrix.Random(Rows, Out, "gradient");

    public void Dispose()
    {
        _input.Dispose();
        _gradient.Dispose();
    }

    [Fact]
    public void Layers_over_one_weight_compute_as_with_their_own() => KernelTests.OnEverySet(() =>
    {
        using var cache = new PanelCache();
        using FrozenLinear bare = Open(cache, "w", rank: 0, inputGradient: false);
        using FrozenLinear narrow = Open(cache, "w", rank: 2, inputGradient: true);
        using FrozenLinear wide = Open(cache, "w", rank: 5, inputGradient: true);
        using FrozenLinear again = Open(cache, "w", rank: 3, inputGradient: false);
        narrow.Dispose();
        Check(bare, "w", rank: 0, inputGradient: false);
        Check(wide, "w", rank: 5, inputGradient: true);
        Check(again, "w", rank: 3, inputGradient: false);
    });

    [Fact]
    public void A_weight_is_packed_once()
    {
        using var cache = new PanelCache();
        Open(cache, "w", rank: 2, inputGradient: true).Dispose();

        // The name stands for the weight: what lies behind it is not read again.
        using FrozenLinear other = Prepared(cache, TestLayers.Of("w", In, Out, new float[In * Out]), rank: 4, inputGradient: true);
        Check(other, "w", rank: 4, inputGradient: true);
        using FrozenLinear third = Open(cache, "v", rank: 1, inputGradient: false);
        Check(third, "v", rank: 1, inputGradient: false);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_weight_that_changes_is_the_layers_own_and_no_longer_held(bool trained)
    {
        using var cache = new PanelCache();
        Open(cache, "w", rank: 2, inputGradient: true).Dispose();
        if (trained)
        {
            using var parameters = new ParameterSet();
            using FrozenLinear layer = TestLayers.Random("w", In, Out);
            layer.Cache = cache;
            layer.ToTrained(parameters).Dispose();
        }
        else
        {
            FrozenLinear layer = TestLayers.Random("w", In, Out);
            layer.Amendment = (_, rows) => rows.Clear();
            using FrozenLinear amended = Prepared(cache, layer, rank: 0, inputGradient: true);
            Assert.All(Compute(amended, rank: 0, inputGradient: true), value => Assert.Equal(0, value));
        }

        using FrozenLinear other = Prepared(cache, TestLayers.Of("w", In, Out, new float[In * Out]), rank: 0, inputGradient: true);
        Assert.All(Compute(other, rank: 0, inputGradient: true), value => Assert.Equal(0, value));
    }

    private static FrozenLinear Open(PanelCache? cache, string name, int rank, bool inputGradient) =>
        Prepared(cache, TestLayers.Random(name, In, Out), rank, inputGradient);

    private static FrozenLinear Prepared(PanelCache? cache, FrozenLinear layer, int rank, bool inputGradient)
    {
        layer.Cache = cache;
        layer.TailCapacity = rank;
        layer.Prepare(inputGradient);
        if (rank > 0)
        {
            using GuardedMatrix a = GuardedMatrix.Random(rank, In, $"a {rank}");
            using GuardedMatrix b = GuardedMatrix.Random(Out, rank, $"b {rank}");
            layer.SetTail(a.View, b.View);
        }

        return layer;
    }

    private void Check(FrozenLinear layer, string name, int rank, bool inputGradient)
    {
        using FrozenLinear own = Open(null, name, rank, inputGradient);
        Assert.Equal(Compute(own, rank, inputGradient), Compute(layer, rank, inputGradient));
    }

    // The product with its update, and the input's gradient where it is there.
    private float[] Compute(FrozenLinear layer, int rank, bool inputGradient)
    {
        using var pass = new Pass();
        using GuardedMatrix tail = GuardedMatrix.Random(Rows, rank, "tail");
        Matrix update = rank > 0 ? tail.View : default;
        using var output = new GuardedMatrix(Rows, Out);
        using var gradInput = new GuardedMatrix(Rows, In);
        layer.MultiplyWithoutBias(_input.View, update, output.View, ThreadTeam.Single);
        output.Check();
        if (!inputGradient)
        {
            return Values(output.View);
        }

        layer.MultiplyTransposed(pass, _gradient.View, update, gradInput.View, accumulate: false, default);
        gradInput.Check();
        return [.. Values(output.View), .. Values(gradInput.View)];
    }

    private static float[] Values(Matrix matrix) =>
        [.. Enumerable.Range(0, matrix.Rows).SelectMany(row => matrix[row].ToArray())];
}
