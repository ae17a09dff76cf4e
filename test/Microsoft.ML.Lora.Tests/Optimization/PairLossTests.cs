using Microsoft.ML.Lora.Optimization.Losses;
using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Optimization;

/// <summary>The loss over pairs: its value, its gradient against differences, and who takes part.</summary>
public sealed class PairLossTests : IDisposable
{
    private const int Width = 7;

    private static readonly int[] _classes = [0, 1, 0, 2, 1, 0];
    private static readonly double[] _weights = [1, 2, 0.5, 1, 3, 1];

    private readonly AlignedBuffer _memory = new(1024);

    public void Dispose() => _memory.Dispose();

    // Alike: (0, 1) of cosine 0.6 and (2, 3) of cosine 0; unlike: cosines 1, 0.6, 0 and -0.8.
    [Fact]
    public void It_is_the_mean_error_of_alike_and_of_unlike_pairs()
    {
        float[] rows = [2, 0, 3, 4, 1, 0, 0, 1];
        double loss = Evaluate(rows, [0, 0, 1, 1], [1, 1, 1, 1], 2, out _);
        double alike = ((0.4 * 0.4) + 1) / 2, unlike = (1 + 0 + 0.36 + 0.64) / 4;
        Assert.Equal((alike + unlike) / 2, loss, 6);
    }

    [Fact]
    public void Its_gradient_is_that_of_differences()
    {
        float[] rows = Rows(_classes.Length);
        Evaluate(rows, _classes, _weights, Width, out float[] gradient);
        for (int i = 0; i < rows.Length; i++)
        {
            const float Step = 1f / 512;
            float[] up = [.. rows], down = [.. rows];
            up[i] += Step;
            down[i] -= Step;
            double difference = (Evaluate(up, _classes, _weights, Width, out _) - Evaluate(down, _classes, _weights, Width, out _))
                / (up[i] - (double)down[i]);
            Assert.Equal(difference, gradient[i], 2e-6);
        }
    }

    [Fact]
    public void Lengths_of_rows_do_not_matter()
    {
        float[] rows = Rows(_classes.Length);
        float[] longer = [.. rows.Select((value, i) => i / Width == 2 ? 4 * value : value)];
        Assert.Equal(
            Evaluate(rows, _classes, _weights, Width, out _), Evaluate(longer, _classes, _weights, Width, out _), 12);
    }

    [Fact]
    public void Rows_without_weight_take_no_part()
    {
        float[] rows = Rows(_classes.Length);
        double all = Evaluate(rows, _classes, [1, 2, 0, 1, 0, 1], Width, out float[] gradient);
        float[] kept = [.. rows[..(2 * Width)], .. rows[(3 * Width)..(4 * Width)], .. rows[(5 * Width)..]];
        double without = Evaluate(kept, [0, 1, 2, 0], [1, 2, 1, 1], Width, out float[] fewer);
        Assert.Equal(without, all, 12);
        Assert.Equal(fewer[..(2 * Width)], gradient[..(2 * Width)]);
        Assert.All(gradient[(2 * Width)..(3 * Width)], value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(1, 1, 1)]
    public void One_kind_of_pair_is_enough(int first, int second, int third)
    {
        double loss = Evaluate(Rows(3), [first, second, third], [1, 1, 1], Width, out float[] gradient);
        Assert.InRange(loss, 1e-6, 2);
        Assert.Contains(gradient, value => value != 0);
        Assert.All(gradient, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void A_single_row_and_rows_of_zeros_give_numbers()
    {
        Assert.Equal(0, Evaluate(Rows(1), [0], [1], Width, out float[] gradient));
        Assert.All(gradient, value => Assert.Equal(0, value));
        Evaluate(new float[2 * Width], [0, 0], [1, 1], Width, out gradient);
        Assert.All(gradient, value => Assert.True(float.IsFinite(value)));
    }

    private double Evaluate(float[] rows, int[] classes, double[] weights, int width, out float[] gradient)
    {
        Matrix features = _memory.AsMatrix(classes.Length, width), gradFeatures = _memory.AsMatrix(classes.Length, width, 512);
        rows.CopyTo(features.Span);
        double loss = new PairLoss().Evaluate(features, classes, weights, gradFeatures);
        gradient = gradFeatures.Span.ToArray();
        return loss;
    }

    private static float[] Rows(int count)
    {
        var rows = new float[count * Width];
        new RandomStream(2, "rows").FillNormal(rows, 1);
        return rows;
    }
}
