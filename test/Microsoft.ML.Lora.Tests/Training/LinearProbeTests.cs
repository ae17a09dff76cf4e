using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Training;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Training;

/// <summary>The logistic regression a head starts from: a minimum of the loss it states, whatever the features' length.</summary>
public class LinearProbeTests
{
    private const int Rows = 60;
    private const int Width = 7;
    private const int Classes = 3;

    private readonly int[] _targets = [.. Enumerable.Range(0, Rows).Select(row => row % Classes)];
    private readonly float[] _weights = [.. Enumerable.Range(0, Rows).Select(row => 1f + (row % 4))];

    [Fact]
    public void No_direction_leads_further_down()
    {
        float[] features = Features(1);
        (float[] weight, float[] bias) = LinearProbe.Fit(features, _targets, _weights, Classes, threads: 1);
        double least = Loss(features, weight, bias);

        const float step = 0.02f;
        for (int i = 0; i < weight.Length + bias.Length; i++)
        {
            foreach (float move in new[] { -step, step })
            {
                float[] movedWeight = [.. weight], movedBias = [.. bias];
                _ = i < weight.Length ? movedWeight[i] += move : movedBias[i - weight.Length] += move;
                Assert.True(Loss(features, movedWeight, movedBias) > least);
            }
        }
    }

    [Fact]
    public void Two_points_have_the_margin_that_the_penalty_leaves()
    {
        // At ±1 with targets 0 and 1 it is w = (m, −m)/2 for a margin m that solves m/(4·10) = 1/(1 + exp m), by hand.
        (float[] weight, float[] bias) = LinearProbe.Fit([1, -1], [0, 1], [1, 1], 2, threads: 1);
        double margin = weight[0] - weight[1];

        Assert.Equal(-weight[0], weight[1], 1e-4);
        Assert.Equal(bias[0], bias[1], 1e-4);
        Assert.Equal(margin / 40, 1 / (1 + Math.Exp(margin)), 1e-4);
    }

    [Fact]
    public void Longer_features_give_the_same_answers()
    {
        float[] features = Features(1), longer = Features(50);
        (float[] weight, float[] bias) = LinearProbe.Fit(features, _targets, _weights, Classes, threads: 1);
        (float[] otherWeight, float[] otherBias) = LinearProbe.Fit(longer, _targets, _weights, Classes, threads: 1);

        for (int row = 0; row < Rows; row++)
        {
            double[] expected = Logits(features, weight, bias, row), actual = Logits(longer, otherWeight, otherBias, row);
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 2e-3));
        }
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        (float[] weight, float[] bias) = LinearProbe.Fit(Features(1), _targets, _weights, Classes, threads: 1);
        (float[] otherWeight, float[] otherBias) = LinearProbe.Fit(Features(1), _targets, _weights, Classes, threads: 3);
        Assert.Equal(weight, otherWeight);
        Assert.Equal(bias, otherBias);
    }

    [Fact]
    public void A_class_without_rows_is_never_the_answer()
    {
        float[] features = Features(1);
        (float[] weight, float[] bias) = LinearProbe.Fit(features, _targets, _weights, Classes + 1, threads: 1);
        Assert.All(Enumerable.Range(0, Rows), row =>
        {
            double[] logits = Logits(features, weight, bias, row);
            Assert.True(logits[Classes] < logits[..Classes].Max());
        });
    }

    // Classes lie apart by 1.5 in one direction each, within noise.
    private float[] Features(float length)
    {
        var features = new float[Rows * Width];
        new RandomStream(7, "features").FillNormal(features, 1);
        for (int row = 0; row < Rows; row++)
        {
            features[(row * Width) + _targets[row]] += 1.5f;
        }
        return [.. features.Select(value => value * length)];
    }

    private double Loss(float[] features, float[] weight, float[] bias)
    {
        double squares = features.Sum(value => (double)value * value) / Rows;
        double loss = weight.Sum(value => (double)value * value) * squares / (2 * 10 * Rows);
        for (int row = 0; row < Rows; row++)
        {
            double[] logits = Logits(features, weight, bias, row);
            loss += _weights[row] / _weights.Sum()
                * (Math.Log(logits.Sum(Math.Exp)) - logits[_targets[row]]);
        }
        return loss;
    }

    private static double[] Logits(float[] features, float[] weight, float[] bias, int row) =>
    [
        .. bias.Select((b, k) => b + Enumerable.Range(0, Width).Sum(
            j => (double)weight[(k * Width) + j] * features[(row * Width) + j])),
    ];
}
