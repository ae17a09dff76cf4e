using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public class LayerNormTests
{
    private const float Eps = 1e-5f;

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 1)]
    [InlineData(2, 15)]
    [InlineData(3, 16)]
    [InlineData(2, 17)]
    [InlineData(3, 33)]
    [InlineData(5, 384)]
    [InlineData(2, 401)]
    public void ForwardAndBackwardAreThoseOfPlainLoops(int m, int c) => KernelTests.OnEverySet(() =>
    {
        Check(m, c, shifted: false);
        Check(m, c, shifted: true);
    });

    [Fact]
    public void TheReferencesGradientIsThatOfFiniteDifferences()
    {
        using var x = GuardedMatrix.Random(1, 9, "x");
        using var gamma = GuardedMatrix.Random(1, 9, "gamma");
        using var g = GuardedMatrix.Random(1, 9, "g");
        var reference = new Reference(x.ToDouble(), gamma.ToDouble(), null, g.ToDouble());
        for (var c = 0; c < 9; c++)
        {
            const double H = 1e-5;
            double Loss(double change)
            {
                var moved = x.ToDouble();
                moved[0, c] += change;
                var y = new Reference(moved, gamma.ToDouble(), null, g.ToDouble()).Y;
                return Enumerable.Range(0, 9).Sum(i => y[0, i] * g.View[0][i]);
            }

            Assert.Equal((Loss(H) - Loss(-H)) / (2 * H), reference.GradX[0, c], 1e-7);
        }
    }

    private static void Check(int m, int c, bool shifted)
    {
        using var x = GuardedMatrix.Random(m, c, "x", 3);
        using var gamma = GuardedMatrix.Random(1, c, "gamma");
        using var beta = GuardedMatrix.Random(1, c, "beta");
        using var g = GuardedMatrix.Random(m, c, "g", 2);
        using var y = new GuardedMatrix(m, c, 1);
        using var statistics = new GuardedMatrix(m, 2, 1);
        using var gradX = new GuardedMatrix(m, c, 4);
        using var gradGamma = GuardedMatrix.Random(1, c, "gradGamma");
        using var gradBeta = GuardedMatrix.Random(1, c, "gradBeta");
        var expected = new Reference(x.ToDouble(), gamma.ToDouble(), shifted ? beta.ToDouble() : null, g.ToDouble());
        var wanted = (Gamma: gradGamma.ToDouble(), Beta: gradBeta.ToDouble());
        for (var i = 0; i < c; i++)
        {
            wanted.Gamma[0, i] += expected.GradGamma[i];
            wanted.Beta[0, i] += expected.GradBeta[i];
        }

        LayerNorm.Forward(x.View, gamma.View, shifted ? beta.View : default, Eps, y.View, statistics.View);
        LayerNorm.Backward(g.View, x.View, statistics.View, gamma.View, gradX.View, gradGamma.View, gradBeta.View);
        foreach (var matrix in new[] { y, statistics, gradX, gradGamma, gradBeta })
        {
            matrix.Check();
        }

        // One column has no variance: its inverse is 1 / √eps, and rounding counts 300 times.
        var tolerance = c == 1 ? 1e-4 : 1e-5;
        Approx.Equal(expected.Y, y.View, tolerance, "y");
        Approx.Equal(expected.GradX, gradX.View, tolerance, "gradX");
        Approx.Equal(wanted.Gamma, gradGamma.View, tolerance, "gradGamma");
        Approx.Equal(wanted.Beta, gradBeta.View, tolerance, "gradBeta");
    }

    private sealed class Reference
    {
        public Reference(double[,] x, double[,] gamma, double[,]? beta, double[,] g)
        {
            int m = x.GetLength(0), n = x.GetLength(1);
            (Y, GradX, GradGamma, GradBeta) = (new double[m, n], new double[m, n], new double[n], new double[n]);
            for (var row = 0; row < m; row++)
            {
                var values = Enumerable.Range(0, n).Select(c => x[row, c]).ToArray();
                var mean = values.Average();
                var inverse = 1 / Math.Sqrt(values.Average(v => (v - mean) * (v - mean)) + Eps);
                var normal = values.Select(v => (v - mean) * inverse).ToArray();
                var scaled = Enumerable.Range(0, n).Select(c => g[row, c] * gamma[0, c]).ToArray();
                var product = scaled.Zip(normal, (a, b) => a * b).Average();
                for (var c = 0; c < n; c++)
                {
                    Y[row, c] = (normal[c] * gamma[0, c]) + (beta?[0, c] ?? 0);
                    GradX[row, c] = inverse * (scaled[c] - scaled.Average() - (normal[c] * product));
                    GradGamma[c] += g[row, c] * normal[c];
                    GradBeta[c] += g[row, c];
                }
            }
        }

        public double[,] Y { get; }

        public double[,] GradX { get; }

        public double[] GradGamma { get; }

        public double[] GradBeta { get; }
    }
}
