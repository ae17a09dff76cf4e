using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public class LowRankTests
{
    private static readonly DropoutMask _mask = new(new RandomStream(2, "mask"), 0.2f, 9);

    public static TheoryData<int, int, int> Shapes() => new()
    {
        { 0, 5, 2 }, { 1, 1, 1 }, { 3, 15, 3 }, { 12, 16, 8 }, { 13, 17, 5 }, { 25, 48, 8 }, { 65, 49, 7 },
        { 130, 100, 16 }, { 64, 96, 20 }, { 7, 33, 64 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void DownIsThatOfPlainLoops(int m, int k, int r) => KernelTests.OnEverySet(() =>
    {
        using var x = GuardedMatrix.Random(m, k, "x", 2);
        using var a = GuardedMatrix.Random(r, k, "a");
        using var h = new GuardedMatrix(m, r, 3);
        using var packed = new ThinOperand(k, r);
        packed.PackTransposed(a.View);
        foreach (var mask in new[] { default, _mask })
        {
            var expected = new double[m, r];
            for (var i = 0; i < m * r * k; i++)
            {
                var (row, column, inner) = (i / (r * k), i / k % r, i % k);
                expected[row, column] +=
                    1.5 * x.View[row][inner] * mask.Factor(row, inner) * a.View[column][inner];
            }

            LowRank.Down(x.View, packed, 1.5f, mask, h.View, ThreadTeam.Single);
            h.Check();
            Approx.Equal(expected, h.View, 1e-5);
        }
    });

    [Theory]
    [MemberData(nameof(Shapes))]
    public void OuterProductsAreThoseOfPlainLoops(int m, int k, int r) => KernelTests.OnEverySet(() =>
    {
        using var thin = GuardedMatrix.Random(m, r, "thin", 2);
        using var wide = GuardedMatrix.Random(m, k, "wide", 5);
        foreach (var mask in new[] { default, _mask })
        {
            using var grad = GuardedMatrix.Random(r, k, "grad", 1);
            using var transposed = GuardedMatrix.Random(k, r, "transposed", 1);
            var expected = grad.ToDouble();
            var expectedTransposed = transposed.ToDouble();
            for (var i = 0; i < m * r * k; i++)
            {
                var (row, column, inner) = (i / (r * k), i / k % r, i % k);
                var product = (double)thin.View[row][column] * wide.View[row][inner];
                expected[column, inner] += product * mask.Factor(row, inner);
                expectedTransposed[inner, column] += product;
            }

            LowRank.AccumulateOuter(thin.View, wide.View, mask, grad.View);
            LowRank.AccumulateOuterTransposed(wide.View, thin.View, transposed.View);
            grad.Check();
            transposed.Check();
            Approx.Equal(expected, grad.View, 2e-5);
            Approx.Equal(expectedTransposed, transposed.View, 2e-5);
        }
    });
}
