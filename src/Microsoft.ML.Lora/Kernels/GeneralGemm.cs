using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Products of unpacked matrices, for heads, full fine-tuning and merges.</summary>
internal static unsafe class GeneralGemm
{
    /// <summary>c [M, N] = (c +) scale · a [M, K] · b [K, N].</summary>
    public static void Multiply(Matrix a, Matrix b, Matrix c, float scale, bool accumulate, ThreadTeam team) =>
        Run(a, 1, b, 1, a.Columns, c, scale, accumulate);

    /// <summary>c [M, N] = (c +) scale · aᵀ · b, a [K, M], b [K, N].</summary>
    public static void MultiplyTransposedLeft(
        Matrix a, Matrix b, Matrix c, float scale, bool accumulate, ThreadTeam team) =>
        Run(a, 0, b, 1, a.Rows, c, scale, accumulate);

    /// <summary>c [M, N] = (c +) scale · a · bᵀ, a [M, K], b [N, K].</summary>
    public static void MultiplyTransposedRight(
        Matrix a, Matrix b, Matrix c, float scale, bool accumulate, ThreadTeam team) =>
        Run(a, 1, b, 0, a.Columns, c, scale, accumulate);

    private static void Run(Matrix a, int aRows, Matrix b, int bRows, int k, Matrix c, float scale, bool accumulate)
    {
        for (var m = 0; m < c.Rows; m++)
        {
            for (var n = 0; n < c.Columns; n++)
            {
                var sum = 0f;
                for (var i = 0; i < k; i++)
                {
                    sum += (aRows == 1 ? a.RowPointer(m)[i] : a.RowPointer(i)[m])
                        * (bRows == 1 ? b.RowPointer(i)[n] : b.RowPointer(n)[i]);
                }

                var target = c.RowPointer(m) + n;
                *target = (accumulate ? *target : 0) + (scale * sum);
            }
        }
    }
}
