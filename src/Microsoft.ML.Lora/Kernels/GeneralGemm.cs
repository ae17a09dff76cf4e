using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Products of unpacked matrices, for heads, full fine-tuning and merges.</summary>
/// <remarks>
/// The right operand is packed for the call, a run of columns at a time, which costs N·K of M·N·K: not for a product with
/// few rows that is done again and again (<see cref="PackedMatrix"/> is).
/// </remarks>
internal static unsafe class GeneralGemm
{
    /// <summary>c [M, N] = (c +) scale · a [M, K] · b [K, N].</summary>
    public static void Multiply(Matrix a, Matrix b, Matrix c, float scale, bool accumulate, ThreadTeam team)
    {
        Check(a.Rows, a.Columns, b.Rows, b.Columns, c);
        using var packed = new PackedMatrix(b.Rows, b.Columns);
        packed.PackRows(0, b);
        Run(a, packed, c, scale, accumulate, team);
    }

    /// <summary>c [M, N] = (c +) scale · aᵀ · b, a [K, M], b [K, N].</summary>
    public static void MultiplyTransposedLeft(
        Matrix a, Matrix b, Matrix c, float scale, bool accumulate, ThreadTeam team)
    {
        Check(a.Columns, a.Rows, b.Rows, b.Columns, c);
        using var left = new AlignedBuffer((long)a.Rows * a.Columns);
        var transposed = left.AsMatrix(a.Columns, a.Rows);
        Transpose.Run(a, transposed);
        Multiply(transposed, b, c, scale, accumulate, team);
    }

    /// <summary>c [M, N] = (c +) scale · a · bᵀ, a [M, K], b [N, K].</summary>
    public static void MultiplyTransposedRight(
        Matrix a, Matrix b, Matrix c, float scale, bool accumulate, ThreadTeam team)
    {
        Check(a.Rows, a.Columns, b.Columns, b.Rows, c);
        using var packed = new PackedMatrix(b.Columns, b.Rows);
        packed.PackTransposedRows(0, b);
        Run(a, packed, c, scale, accumulate, team);
    }

    private static void Run(Matrix a, PackedMatrix b, Matrix c, float scale, bool accumulate, ThreadTeam team)
    {
        if (scale == 1)
        {
            Gemm.Multiply(a, default, b, c, new Epilogue { Accumulate = accumulate }, team);
            return;
        }

        using var scaled = new AlignedBuffer((long)a.Rows * a.Columns);
        var left = scaled.AsMatrix(a.Rows, a.Columns);
        Elementwise.Scale(a, scale, left);
        Gemm.Multiply(left, default, b, c, new Epilogue { Accumulate = accumulate }, team);
    }

    private static void Check(int m, int k, int bRows, int n, Matrix c)
    {
        if (k != bRows || c.Rows != m || c.Columns != n)
        {
            throw new ArgumentException($"[{m}, {k}] · [{bRows}, {n}] does not give [{c.Rows}, {c.Columns}].");
        }
    }
}
