using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The thin products of a low-rank adapter: one side has R columns, R from 1 to some dozens.</summary>
internal static unsafe class LowRank
{
    // Rows whose wide side stays in the second-level cache (64 × 1536 floats = 384 KiB) while grad's tiles pass over it.
    private const int BlockRows = 64;

    /// <summary>h [M, R] = scale · drop(x) [M, K] · a [K, R], <paramref name="a"/> packed after each optimiser step.</summary>
    public static void Down(
        Matrix x, ThinOperand a, float scale, in DropoutMask dropout, Matrix h, ThreadTeam team)
    {
        if (x.Columns != a.K || h.Columns != a.N || h.Rows != x.Rows)
        {
            throw new ArgumentException($"[{x.Rows}, {x.Columns}] · [{a.K}, {a.N}] does not give [{h.Rows}, {h.Columns}].");
        }

        using var timing = KernelProfile.Measure(
            KernelKind.ThinProduct, 2.0 * x.Rows * x.Columns * a.N, sizeof(float) * (double)x.Rows * x.Columns);
        if (dropout.IsEmpty)
        {
            Multiply(x, a, scale, h, team);
            return;
        }

        for (var row = 0; row < x.Rows; row += BlockRows)
        {
            var count = Math.Min(BlockRows, x.Rows - row);
            var kept = new Matrix(Scratch.Floats((long)count * x.Columns), count, x.Columns, x.Columns);
            Elementwise.Dropout(x.SliceRows(row, count), dropout.Offset(row), kept);
            Multiply(kept, a, scale, h.SliceRows(row, count), team);
        }
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

    // Threads share rows out in pairs of tiles: six rows of eight columns are whole cache lines.
    private static void Multiply(Matrix x, ThinOperand a, float scale, Matrix h, ThreadTeam team)
    {
        var job = new DownJob
        {
            X = x,
            A = a,
            Scale = scale,
            H = h,
            Cut = GemmCut.OfRows(x.Rows, 2 * ThinProduct.RowsATime, (long)x.Rows * a.K * a.N, team.Threads),
        };
        team.Run(job.Cut.RowBlocks, ref job);
        GC.KeepAlive(a);
    }

    private struct DownJob : IParallelJob
    {
        public Matrix X;
        public ThinOperand A;
        public float Scale;
        public Matrix H;
        public GemmCut Cut;

        public readonly void Run(int item, int worker)
        {
            var (first, last) = Cut.Rows(item, X.Rows);
            var product = new ThinProduct
            {
                X = X.SliceRows(first, last - first),
                B = A,
                Scale = Scale,
                H = H.SliceRows(first, last - first),
            };
            KernelSelector.Run(ref product);
        }
    }
}
