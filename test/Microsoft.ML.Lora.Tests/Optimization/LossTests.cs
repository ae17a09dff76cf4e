using Microsoft.ML.Lora.Optimization.Losses;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Optimization;

public class LossTests
{
    private static readonly float[] _outputs = [1.5f, -0.5f, 0.25f, 0f];

    /// <summary>Every loss, with settings that use all of its parts.</summary>
    internal static readonly LossSpec[] Specs =
    [
        new LossSpec(),
        new LossSpec { LabelSmoothing = 0.2f },
        new LossSpec { Kind = LossKind.Focal, FocalGamma = 2 },
        new LossSpec { Kind = LossKind.Focal, FocalGamma = 0.5f },
    ];

    // z = [1.5, -.5, .25, 0]; l = log(sum(map(exp, z))); l - z[2], and .8 * (l - z[2]) + .2 * sum(l - x for x in z) / 4
    [Fact]
    public void CrossEntropyOfAClassAndOfASmoothedOne()
    {
        var gradient = new float[4];
        Assert.Equal(1.747722, Loss.Create(Specs[0]).Evaluate(_outputs, new Target(2, 0), 1, gradient), 5);
        Assert.Equal(1.735222, Loss.Create(Specs[1]).Evaluate(_outputs, new Target(2, 0), 1, gradient), 5);
    }

    [Fact]
    public void FocalWithExponentZeroIsCrossEntropy()
    {
        var expected = new float[4];
        var actual = new float[4];
        double crossEntropy = Loss.Create(new LossSpec()).Evaluate(_outputs, new Target(1, 0), 0.5f, expected);
        Loss focal = Loss.Create(new LossSpec { Kind = LossKind.Focal, FocalGamma = 0 });
        Assert.Equal(crossEntropy, focal.Evaluate(_outputs, new Target(1, 0), 0.5f, actual), 12);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void GradientsAreThoseOfDifferences()
    {
        foreach (LossSpec spec in Specs)
        {
            Loss loss = Loss.Create(spec);
            var gradient = new float[4];
            var unused = new float[4];
            loss.Evaluate(_outputs, new Target(2, 0), 3, gradient);
            for (int i = 0; i < _outputs.Length; i++)
            {
                const float Step = 1f / 256;
                float[] up = [.. _outputs];
                float[] down = [.. _outputs];
                up[i] += Step;
                down[i] -= Step;
                double difference =
                    (loss.Evaluate(up, new Target(2, 0), 3, unused) - loss.Evaluate(down, new Target(2, 0), 3, unused)) / (2 * Step);
                Assert.Equal(3 * difference, gradient[i], 4);
            }
        }
    }

    [Fact]
    public void LabelsThatDoNotExcludeEachOtherCountSingly()
    {
        Loss loss = Loss.Create(new LossSpec { Kind = LossKind.BinaryCrossEntropy });
        var target = new Target(0, 0, [1, 0, 0.25f, 1]);
        var gradient = new float[4];
        double expected = _outputs.Select((z, i) =>
        {
            double p = 1 / (1 + Math.Exp(-z));
            return -((target.Labels![i] * Math.Log(p)) + ((1 - target.Labels[i]) * Math.Log(1 - p)));
        }).Average();
        Assert.Equal(expected, loss.Evaluate(_outputs, target, 2, gradient), 10);
        Assert.Equal(2 * (0.5 - 1) / 4, gradient[3], 6);
        Assert.True(double.IsFinite(loss.Evaluate([1e4f, -1e4f, 0, 0], target, 1, gradient)));
    }

    [Fact]
    public void ExtremeOutputsStayFinite()
    {
        foreach (LossSpec spec in Specs)
        {
            var gradient = new float[3];
            double value = Loss.Create(spec).Evaluate([1000, -1000, 0], new Target(0, 0), 1, gradient);
            Assert.True(double.IsFinite(value));
            Assert.All(gradient, g => Assert.True(float.IsFinite(g)));
        }
    }

    [Fact]
    public void SquaredErrorAndItsGradient()
    {
        var gradient = new float[1];
        Assert.Equal(2.25, Loss.Create(new LossSpec { Kind = LossKind.MeanSquaredError }).Evaluate([2], new Target(0, 0.5f), 2, gradient));
        Assert.Equal(6, gradient[0]);
    }

    [Fact]
    public void ClassWeightsAreTheExamples()
    {
        Loss loss = Loss.Create(new LossSpec { ClassWeights = [1, 3] });
        Assert.Equal(3, loss.Weight(new Target(1, 0)));
        Assert.Equal(1, Loss.Create(new LossSpec()).Weight(new Target(1, 0)));
    }
}
