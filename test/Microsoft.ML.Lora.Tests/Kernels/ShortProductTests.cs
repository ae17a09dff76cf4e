using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public unsafe class ShortProductTests
{
    public static TheoryData<int, int, int> Shapes() => new()
    {
        { 1, 1, 1 }, { 2, 2, 2 }, { 3, 3, 3 }, { 4, 4, 1 }, { 5, 5, 2 }, { 6, 6, 3 }, { 7, 7, 1 }, { 8, 8, 2 }, { 0, 8, 2 },
        { 11, 8, 37 }, { 4, 1, 300 }, { 3, 5, 61 },
    };

    /// <summary>The same chain of multiply-adds as a plain loop's, whatever the rows at a time: the same bits.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void EachNumberIsOneChainOfMultiplyAdds(int rows, int k, int panels) => KernelTests.OnEverySet(() =>
    {
        foreach (var (bias, addend, pastCaches) in new[]
        {
            (false, false, false), (true, false, false), (false, true, false), (true, true, true), (false, false, true),
        })
        {
            Check(rows, k, panels, bias, addend, pastCaches);
        }
    });

    /// <summary>Large enough for stores past the caches, and cut for several threads.</summary>
    [Theory]
    [InlineData(1027, 2048, 8, 16)]
    [InlineData(1027, 2048, 8, 0)]
    [InlineData(1027, 2048, 8, 1)]
    [InlineData(2100, 1009, 3, 0)]
    public void LargeResultsAreThoseOfSmallOnes(int m, int n, int k, int gap)
    {
        using var a = GuardedMatrix.Random(m, k, "a");
        using var weight = GuardedMatrix.Random(k, n, "b");
        using var bias = GuardedMatrix.Random(1, n, "bias");
        using var b = new PackedMatrix(k, n);
        b.PackRows(0, weight.View);
        using var team = new ThreadTeam(2);
        using var whole = new GuardedMatrix(m, n, gap);
        using var accumulated = new GuardedMatrix(m, n, gap);
        var epilogue = new Epilogue { BiasRow = bias.View };
        Gemm.Multiply(a.View, default, b, whole.View, epilogue, team);
        whole.Check();
        accumulated.View.Clear();
        Gemm.Multiply(a.View, default, b, accumulated.View, epilogue with { Accumulate = true }, team);
        for (var row = 0; row < m; row += 100)
        {
            var count = Math.Min(100, m - row);
            using var part = new GuardedMatrix(count, n);
            Gemm.Multiply(a.View.SliceRows(row, count), default, b, part.View, epilogue, ThreadTeam.Single);
            Approx.SameBits(part.View, whole.View.SliceRows(row, count));
            Approx.SameBits(part.View, accumulated.View.SliceRows(row, count));
        }
    }

    private static void Check(int rows, int k, int panels, bool withBias, bool withAddend, bool pastCaches)
    {
        var width = MicroKernels.Of(KernelSelector.Current)[0].PanelWidth;
        var n = panels * width;
        using var a = GuardedMatrix.Random(rows, k, "a", 3);
        using var packed = GuardedMatrix.Random(panels * k, width, "b");
        using var bias = GuardedMatrix.Random(1, n, "bias");
        using var addend = GuardedMatrix.Random(rows, n, "addend", 5);
        using var c = new GuardedMatrix(rows, n, width);
        var product = new ShortProduct
        {
            A = a.View.Data,
            AStride = a.View.Stride,
            K = k,
            B = packed.View.Data,
            Panels = panels,
            Bias = withBias ? bias.View.Data : null,
            Addend = withAddend ? addend.View.Data : null,
            AddendStride = addend.View.Stride,
            C = c.View.Data,
            CStride = c.View.Stride,
            Rows = rows,
            PastCaches = pastCaches,
        };
        KernelSelector.Run(ref product);
        c.Check();
        using var expected = new GuardedMatrix(rows, n);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < n; column++)
            {
                var sum = withBias ? bias.View[0][column] : 0f;
                for (var i = 0; i < k; i++)
                {
                    sum = SimdScalar.MultiplyAdd(a.View[row][i], packed.View[(column / width * k) + i][column % width], sum);
                }

                expected.View[row][column] = withAddend ? sum + addend.View[row][column] : sum;
            }
        }

        Approx.SameBits(expected.View, c.View);
    }
}
