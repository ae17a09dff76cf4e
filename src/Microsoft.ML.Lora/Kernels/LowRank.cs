using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The thin products of a low-rank adapter: one side has R columns, R from 1 to some dozens.</summary>
internal static unsafe class LowRank
{
    // Rows whose wide side stays in the second-level cache (64 × 1536 floats = 384 KiB) while grad's tiles pass over it.
    private const int BlockRows = 64;

    /// <summary>h [M, R] = scale · drop(x) [M, K] · a [K, R], <paramref name="a"/> packed after each optimiser step.</summary>
    public static void Down(
        Matrix x, PackedMatrix a, float scale, in DropoutMask dropout, Matrix h, ThreadTeam team)
    {
        using var timing = KernelProfile.Measure(
            KernelKind.ThinProduct, 2.0 * x.Rows * x.Columns * a.N, sizeof(float) * (double)x.Rows * x.Columns);
        if (dropout.IsEmpty)
        {
            Gemm.Multiply(x, default, a, h, default, team);
        }
        else
        {
            for (var row = 0; row < x.Rows; row += BlockRows)
            {
                var count = Math.Min(BlockRows, x.Rows - row);
                var kept = new Matrix(Scratch.Floats((long)count * x.Columns), count, x.Columns, x.Columns);
                Elementwise.Dropout(x.SliceRows(row, count), dropout.Offset(row), kept);
                Gemm.Multiply(kept, default, a, h.SliceRows(row, count), default, team);
            }
        }

        Elementwise.Scale(h, scale, h);
    }

    /// <summary>grad [R, K] += thinᵀ · drop(wide), thin [M, R], wide [M, K] (the gradient of A).</summary>
    public static void AccumulateOuter(Matrix thin, Matrix wide, in DropoutMask dropoutOnWide, Matrix grad)
    {
        if (thin.Rows != wide.Rows || grad.Rows != thin.Columns || grad.Columns != wide.Columns)
        {
            throw new ArgumentException(
                $"[{thin.Rows}, {thin.Columns}]ᵀ · [{wide.Rows}, {wide.Columns}] does not give [{grad.Rows}, {grad.Columns}].");
        }

        using var timing = KernelProfile.Measure(
            KernelKind.OuterProduct, 2.0 * wide.Rows * wide.Columns * thin.Columns,
            sizeof(float) * (double)wide.Rows * wide.Columns);
        for (var row = 0; row < wide.Rows; row += BlockRows)
        {
            var count = Math.Min(BlockRows, wide.Rows - row);
            var block = wide.SliceRows(row, count);
            if (!dropoutOnWide.IsEmpty)
            {
                block = new Matrix(Scratch.Floats((long)count * wide.Columns), count, wide.Columns, wide.Columns);
                Elementwise.Dropout(wide.SliceRows(row, count), dropoutOnWide.Offset(row), block);
            }

            var kernel = new OuterProduct
            {
                M = count,
                Thin = thin.RowPointer(row),
                ThinStride = thin.Stride,
                R = thin.Columns,
                Wide = block.Data,
                WideStride = block.Stride,
                Ahead = dropoutOnWide.IsEmpty && row + BlockRows < wide.Rows ? (nint)BlockRows * wide.Stride : 0,
                K = wide.Columns,
                Grad = grad.Data,
                GradStride = grad.Stride,
            };
            KernelSelector.Run(ref kernel);
        }
    }

    /// <summary>grad [N, R] += wideᵀ · thin, wide [M, N], thin [M, R] (the gradient of B).</summary>
    /// <remarks>Whoever keeps B transposed calls <see cref="AccumulateOuter"/> and saves the transposition.</remarks>
    public static void AccumulateOuterTransposed(Matrix wide, Matrix thin, Matrix grad)
    {
        using var timing = KernelProfile.Measure(
            KernelKind.OuterProduct, 2.0 * wide.Rows * wide.Columns * thin.Columns,
            sizeof(float) * (double)wide.Rows * wide.Columns);
        var floats = grad.Rows * grad.Columns;
        var transposed = new Matrix(Scratch.Floats(2L * floats), grad.Columns, grad.Rows, grad.Rows);
        transposed.Clear();
        AccumulateOuter(thin, wide, default, transposed);
        var sum = new Matrix(transposed.Data + floats, grad.Rows, grad.Columns, grad.Columns);
        Transpose.Run(transposed, sum);
        Elementwise.Add(sum, grad);
    }
}
