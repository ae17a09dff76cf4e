using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public class ElementwiseTests
{
    public static TheoryData<int, int> Shapes() => new()
    {
        { 0, 3 }, { 2, 0 }, { 1, 1 }, { 3, 3 }, { 2, 4 }, { 2, 7 }, { 1, 8 }, { 3, 15 }, { 2, 16 }, { 2, 17 }, { 3, 35 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ResultsAreThoseOfPlainLoops(int m, int n) => KernelTests.OnEverySet(() =>
    {
        var mask = new DropoutMask(new RandomStream(5, "m"), 0.4f, 3);
        Check(m, n, (x, _, y) => Elementwise.Add(x, y), (x, _, y, _, _) => y + x);
        Check(m, n, (x, _, y) => Elementwise.AddScaled(x, 0.3f, y), (x, _, y, _, _) => y + (0.3f * x));
        Check(m, n, (x, _, y) => Elementwise.Scale(x, -2, y), (x, _, _, _, _) => -2 * x);
        Check(m, n, Elementwise.Multiply, (x, z, _, _, _) => x * z);
        Check(m, n, (x, _, y) => Elementwise.Dropout(x, mask, y), (x, _, _, r, c) => x * mask.Factor(r, c));
        Check(m, n, (x, _, y) => Elementwise.Dropout(x, default, y), (x, _, _, _, _) => x);
        foreach (var kind in Enum.GetValues<Activation>())
        {
            Check(m, n, (x, _, y) => Activations.Forward(kind, x, y),
                (x, _, _, _, _) => ReferenceMath.Activate(kind, x).Value);
            Check(m, n, (x, z, y) => Activations.Backward(kind, x, z, y),
                (x, z, _, _, _) => z * ReferenceMath.Activate(kind, x).Derivative);
        }
    });

    [Theory]
    [MemberData(nameof(Shapes))]
    public void SoftmaxIsThatOfPlainLoops(int m, int n) => KernelTests.OnEverySet(() =>
    {
        using var x = GuardedMatrix.Random(m, n, "x", 1);
        using var y = new GuardedMatrix(m, n, 2);
        var expected = new double[m, n];
        for (var row = 0; row < m; row++)
        {
            var sum = x.View[row].ToArray().Sum(v => Math.Exp(v));
            for (var c = 0; c < n; c++)
            {
                expected[row, c] = Math.Exp(x.View[row][c]) / sum;
            }
        }

        Softmax.Forward(x.View, y.View);
        y.Check();
        Approx.Equal(expected, y.View, 1e-6);
    });

    [Fact]
    public void DropoutKeepsItsShareAndTheSum()
    {
        var mask = new DropoutMask(new RandomStream(1, "share"), 0.1f);
        var dropped = Enumerable.Range(0, 400_000).Count(i => mask.Factor(i / 400, i % 400) == 0);
        Assert.InRange(dropped / 400_000.0, 0.097, 0.103);
        Assert.Equal(1 / 0.9f, mask.KeepScale);
        Assert.Equal(mask.Factor(7, 3), mask.Offset(5).Factor(2, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DropoutMask(default, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DropoutMask(default, float.NaN));
    }

    [Fact]
    public void AdamWIsThatOfPlainLoops() => KernelTests.OnEverySet(() =>
    {
        foreach (var count in new[] { 0, 1, 15, 16, 17, 50 })
        {
            using var p = GuardedMatrix.Random(1, count, "p");
            using var g = GuardedMatrix.Random(1, count, "g");
            using var m = GuardedMatrix.Random(1, count, "m");
            using var v = GuardedMatrix.Random(1, count, "v");
            Activations.Forward(Activation.Relu, v.View, v.View);
            var expected = p.ToDouble();
            for (var i = 0; i < count; i++)
            {
                var gradient = 0.5 * g.View[0][i];
                var first = (0.9 * m.View[0][i]) + (0.1 * gradient);
                var second = (0.999 * v.View[0][i]) + (0.001 * gradient * gradient);
                var root = Math.Sqrt(second / (1 - Math.Pow(0.999, 3))) + 1e-8;
                expected[0, i] -= (0.01 * 0.02 * expected[0, i]) + (0.01 * first / (1 - Math.Pow(0.9, 3)) / root);
            }

            AdamWKernel.Step(
                p.View.Span, g.View.Span, m.View.Span, v.View.Span, 0.5f, new AdamWUpdate(0.01f, 0.02f, 3));
            p.Check();
            Approx.Equal(expected, p.View, 2e-6);
        }
    });

    [Fact]
    public void ReductionsAreThoseOfPlainLoops() => KernelTests.OnEverySet(() =>
    {
        foreach (var count in new[] { 0, 1, 17, 1024, 5000 })
        {
            using var x = GuardedMatrix.Random(1, count, "x");
            var expected = x.View.Span.ToArray().Sum(v => (double)v * v);
            Assert.Equal(expected, Reductions.SumOfSquares(x.View.Span), 1e-6 * (1 + expected));
            Assert.True(Reductions.AllFinite(x.View.Span));
        }

        Assert.False(Reductions.AllFinite([1, float.PositiveInfinity]));
        using var rows = GuardedMatrix.Random(5, 18, "rows", 2);
        var sums = new float[18];
        Reductions.AddColumnSums(rows.View, sums);
        Assert.Equal(Enumerable.Range(0, 5).Sum(row => (double)rows.View[row][17]), sums[17], 1e-6);
    });

    private static void Check(
        int m, int n, Action<Matrix, Matrix, Matrix> run, Func<double, double, double, int, int, double> expect)
    {
        using var x = GuardedMatrix.Random(m, n, "x", 3);
        using var z = GuardedMatrix.Random(m, n, "z", 1);
        using var y = GuardedMatrix.Random(m, n, "y", 2);
        var expected = y.ToDouble();
        for (var row = 0; row < m; row++)
        {
            for (var c = 0; c < n; c++)
            {
                expected[row, c] = expect(x.View[row][c], z.View[row][c], expected[row, c], row, c);
            }
        }

        run(x.View, z.View, y.View);
        x.Check();
        z.Check();
        y.Check();
        Approx.Equal(expected, y.View, 1e-6);
    }
}
