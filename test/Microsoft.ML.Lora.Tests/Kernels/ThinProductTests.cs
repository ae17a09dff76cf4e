using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public class ThinProductTests
{
    public static TheoryData<int, int, int> Shapes() => new()
    {
        { 1, 1, 1 }, { 2, 15, 4 }, { 3, 16, 8 }, { 4, 17, 9 }, { 5, 31, 12 }, { 6, 769, 8 }, { 7, 1000, 3 }, { 200, 384, 8 },
        { 193, 1537, 17 }, { 10, 3072, 7 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void IsThatOfPlainLoops(int m, int k, int n) => KernelTests.OnEverySet(() =>
    {
        using var x = GuardedMatrix.Random(m, k, "x", 3);
        using var b = GuardedMatrix.Random(n, k, "b");
        using var packed = new ThinOperand(k, n);
        packed.PackTransposed(b.View);
        using var h = new GuardedMatrix(m, n, 5);
        LowRank.Down(x.View, packed, -0.25f, default, h.View, ThreadTeam.Single);
        h.Check();
        var expected = new double[m, n];
        for (var row = 0; row < m; row++)
        {
            for (var column = 0; column < n; column++)
            {
                for (var i = 0; i < k; i++)
                {
                    expected[row, column] -= 0.25 * x.View[row][i] * b.View[column][i];
                }
            }
        }

        Approx.Equal(expected, h.View, 1e-5);
    });

    [Theory]
    [MemberData(nameof(Shapes))]
    public void RowsDoNotDependOnTheirNeighboursNorOnThreads(int m, int k, int n) => KernelTests.OnEverySet(() =>
    {
        using var x = GuardedMatrix.Random(m, k, "x", 3);
        using var b = GuardedMatrix.Random(k, n, "b");
        using var packed = new ThinOperand(k, n);
        packed.Pack(b.View);
        using var whole = new GuardedMatrix(m, n);
        using var team = new ThreadTeam(3);
        LowRank.Down(x.View, packed, 1.5f, default, whole.View, team);
        for (var row = 0; row < m; row++)
        {
            using var alone = new GuardedMatrix(1, n);
            LowRank.Down(x.View.SliceRows(row, 1), packed, 1.5f, default, alone.View, ThreadTeam.Single);
            Approx.SameBits(alone.View, whole.View.SliceRows(row, 1));
        }
    });

    [Fact]
    public void AnOperandIsTheSameFromRowsAndFromColumns()
    {
        using var rows = GuardedMatrix.Random(1601, 6, "b", 2);
        using var columns = new GuardedMatrix(6, 1601, 1);
        Transpose.Run(rows.View, columns.View);
        using var first = new ThinOperand(1601, 6);
        using var second = new ThinOperand(1601, 6);
        first.Pack(rows.View);
        second.PackTransposed(columns.View);
        using var x = GuardedMatrix.Random(4, 1601, "x");
        using var h = new GuardedMatrix(4, 6);
        using var same = new GuardedMatrix(4, 6);
        LowRank.Down(x.View, first, 1, default, h.View, ThreadTeam.Single);
        LowRank.Down(x.View, second, 1, default, same.View, ThreadTeam.Single);
        Approx.SameBits(h.View, same.View);
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        using var operand = new ThinOperand(5, 3);
        using var rows = GuardedMatrix.Random(5, 2, "rows");
        using var h = new GuardedMatrix(4, 3);
        Assert.Contains("[5, 2] does not fill an operand of [5, 3]", Assert.Throws<ArgumentException>(() => operand.Pack(rows.View)).Message);
        Assert.Throws<ArgumentException>(() => operand.PackTransposed(rows.View));
        Assert.Contains(
            "[5, 2] · [5, 3] does not give [4, 3]",
            Assert.Throws<ArgumentException>(() => LowRank.Down(rows.View, operand, 1, default, h.View, ThreadTeam.Single)).Message);
    }
}
