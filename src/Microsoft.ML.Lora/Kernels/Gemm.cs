using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>C = [A | tail] · B with B packed beforehand and an <see cref="Epilogue"/> fused in.</summary>
internal static unsafe class Gemm
{
    // Products with at most as many columns, heads', are booked beside those of adapters.
    private const int ThinColumns = 64;

    // A thread's part of a result that is as large has left the caches before anybody reads it: about a core's share of a third level.
    private const long LargeBytes = 8 << 20;

    /// <summary>Computes the product.</summary>
    /// <param name="a">[M, K].</param>
    /// <param name="aTail">[M, R] times the first R tail rows of <paramref name="b"/>; empty to leave the tail out.</param>
    /// <param name="b">[K (+ tail), N].</param>
    /// <param name="c">[M, N].</param>
    /// <param name="epilogue">What happens to each tile of C.</param>
    /// <param name="team">Who computes; the bits do not depend on it.</param>
    public static void Multiply(
        Matrix a, Matrix aTail, PackedMatrix b, Matrix c, in Epilogue epilogue, ThreadTeam team)
    {
        Check(a, aTail, b, c);
        var inner = b.K + aTail.Columns;
        using var timing = KernelProfile.Measure(
            b.N > ThinColumns ? KernelKind.Product : KernelKind.ThinProduct,
            2.0 * c.Rows * inner * b.N,
            sizeof(float) * (((double)inner * (c.Rows + b.N)) + ((double)c.Rows * b.N)));
        if (c.Rows == 0 || b.N == 0)
        {
            return;
        }

        var hasEpilogue = NeedsEpilogue(epilogue);
        var isShort = b.K is > 0 and <= ShortProduct.MaxK && aTail.Columns == 0 && !hasEpilogue && b.Element == PanelElement.Float32;
        var cut = GemmCut.For(c.Rows, b, isShort, team.Threads);
        var job = new GemmJob
        {
            A = a,
            Tail = aTail,
            B = b,
            C = c,
            Epilogue = epilogue,
            HasEpilogue = hasEpilogue,
            ResidualInTile = epilogue.Dropout.IsEmpty && epilogue.TailDropout.IsEmpty && !epilogue.Accumulate
                && !epilogue.Residual.IsEmpty,
            IsShort = isShort,
            PastCaches = IsLarge(c, team.Threads) && !epilogue.Accumulate,
            InnerBlock = GemmBlocking.InnerBlock(b.K),
            Cut = cut,
        };
        team.Run(cut.RowBlocks * cut.ColumnBlocks, ref job);
        GC.KeepAlive(b);
    }

    // And every vector aligned.
    private static bool IsLarge(Matrix c, int threads) =>
        (long)c.Rows * c.Columns * sizeof(float) >= LargeBytes * threads
        && (nint)c.Data % AlignedBuffer.Alignment == 0 && c.Stride % (AlignedBuffer.Alignment / sizeof(float)) == 0;

    // Bias and one addend are the micro-kernel's own business.
    private static bool NeedsEpilogue(in Epilogue epilogue) =>
        !epilogue.Dropout.IsEmpty || (epilogue.Accumulate && !epilogue.Residual.IsEmpty)
        || epilogue.Activation != Activation.None || !epilogue.TailDropout.IsEmpty;

    private static void Check(Matrix a, Matrix tail, PackedMatrix b, Matrix c)
    {
        if (a.Rows != c.Rows || a.Columns != b.K || c.Columns != b.N || tail.Columns > b.TailCapacity
            || (!tail.IsEmpty && tail.Rows != c.Rows))
        {
            throw new ArgumentException(
                $"[{a.Rows}, {a.Columns}] (tail [{tail.Rows}, {tail.Columns}]) · [{b.K} + {b.TailCapacity}, {b.N}] "
                + $"does not give [{c.Rows}, {c.Columns}].");
        }
    }
}
