using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public class GatherTests
{
    [Fact]
    public void RowsAreGatheredAndScatteredBack() => KernelTests.OnEverySet(() =>
    {
        using var table = GuardedMatrix.Random(5, 19, "table", 2);
        using var y = new GuardedMatrix(3, 19, 1);
        RowGather.Gather(table.View, [4, 0, 4], y.View, accumulate: false);
        Assert.Equal(table.View[4].ToArray(), y.View[2].ToArray());
        RowGather.Gather(table.View, [1, 1, 1], y.View, accumulate: true);
        Assert.Equal(table.View[0][18] + table.View[1][18], y.View[1][18]);
        y.Check();

        var before = table.View[4][7];
        RowGather.ScatterAdd(y.View, [4, 3, 4], table.View);
        table.Check();
        Assert.Equal(before + y.View[0][7] + y.View[2][7], table.View[4][7]);
    });

    [Fact]
    public void MeansAreTakenPerSequenceAndSpreadBack() => KernelTests.OnEverySet(() =>
    {
        using var x = GuardedMatrix.Random(6, 18, "x", 1);
        using var y = new GuardedMatrix(3, 18, 2);
        using var grad = new GuardedMatrix(6, 18, 3);
        int[] offsets = [0, 4, 4, 6];
        MeanPooling.Forward(x.View, offsets, y.View);
        MeanPooling.Backward(y.View, offsets, grad.View);
        y.Check();
        grad.Check();
        Assert.Equal(Enumerable.Range(0, 4).Average(row => (double)x.View[row][17]), y.View[0][17], 1e-6);
        Assert.Equal(0, y.View[1][3]);
        Assert.Equal(y.View[2][5] / 2, grad.View[5][5]);
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 4)]
    [InlineData(7, 9)]
    [InlineData(16, 33)]
    public void TransposesAreExact(int m, int n)
    {
        using var x = GuardedMatrix.Random(m, n, "x", 1);
        using var y = new GuardedMatrix(n, m, 2);
        Transpose.Run(x.View, y.View, 2);
        y.Check();
        for (var i = 0; i < m * n; i++)
        {
            Assert.Equal(2 * x.View[i / n][i % n], y.View[i % n][i / n]);
        }
    }

    [Fact]
    public void GeneralProductsAreThoseOfPlainLoops() => KernelTests.OnEverySet(() =>
    {
        foreach (var (m, n, k) in new[] { (1, 1, 1), (5, 18, 7), (13, 40, 33), (3, 0, 2), (4, 5, 0) })
        {
            using var a = GuardedMatrix.Random(m, k, "a", 1);
            using var at = new GuardedMatrix(k, m, 2);
            using var b = GuardedMatrix.Random(k, n, "b", 1);
            using var bt = new GuardedMatrix(n, k);
            using var c = GuardedMatrix.Random(m, n, "c", 3);
            Transpose.Run(a.View, at.View);
            Transpose.Run(b.View, bt.View);
            var expected = c.ToDouble();
            for (var i = 0; i < m * n * k; i++)
            {
                var (row, column, inner) = (i / (n * k), i / k % n, i % k);
                expected[row, column] += 3 * 0.5 * a.View[row][inner] * b.View[inner][column];
            }

            GeneralGemm.Multiply(a.View, b.View, c.View, 0.5f, accumulate: true, ThreadTeam.Single);
            GeneralGemm.MultiplyTransposedLeft(at.View, b.View, c.View, 0.5f, accumulate: true, ThreadTeam.Single);
            GeneralGemm.MultiplyTransposedRight(a.View, bt.View, c.View, 0.5f, accumulate: true, ThreadTeam.Single);
            c.Check();
            Approx.Equal(expected, c.View, 1e-5);
        }
    });
}
