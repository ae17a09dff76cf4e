using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The thin products of a low-rank adapter: one side has R columns, R from 1 to some dozens.</summary>
internal static unsafe class LowRank
{
    /// <summary>h [M, R] = scale · drop(x) [M, K] · a [K, R], <paramref name="a"/> packed after each optimiser step.</summary>
    public static void Down(
        Matrix x, PackedMatrix a, float scale, in DropoutMask dropout, Matrix h, ThreadTeam team)
    {
        for (var m = 0; m < x.Rows; m++)
        {
            for (var r = 0; r < a.N; r++)
            {
                var sum = 0f;
                for (var k = 0; k < x.Columns; k++)
                {
                    sum += x.RowPointer(m)[k] * dropout.Factor(m, k) * a.View.RowPointer(k)[r];
                }

                h.RowPointer(m)[r] = scale * sum;
            }
        }
    }

    /// <summary>grad [R, K] += thinᵀ · drop(wide), thin [M, R], wide [M, K] (the gradient of A).</summary>
    public static void AccumulateOuter(Matrix thin, Matrix wide, in DropoutMask dropoutOnWide, Matrix grad)
    {
        for (var m = 0; m < thin.Rows; m++)
        {
            for (var r = 0; r < thin.Columns; r++)
            {
                for (var k = 0; k < wide.Columns; k++)
                {
                    grad.RowPointer(r)[k] +=
                        thin.RowPointer(m)[r] * wide.RowPointer(m)[k] * dropoutOnWide.Factor(m, k);
                }
            }
        }
    }

    /// <summary>grad [N, R] += wideᵀ · thin, wide [M, N], thin [M, R] (the gradient of B).</summary>
    public static void AccumulateOuterTransposed(Matrix wide, Matrix thin, Matrix grad)
    {
        for (var m = 0; m < thin.Rows; m++)
        {
            for (var n = 0; n < wide.Columns; n++)
            {
                for (var r = 0; r < thin.Columns; r++)
                {
                    grad.RowPointer(n)[r] += thin.RowPointer(m)[r] * wide.RowPointer(m)[n];
                }
            }
        }
    }
}
