using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>C = [A | tail] · B with B packed beforehand and an <see cref="Epilogue"/> fused in.</summary>
internal static unsafe class Gemm
{
    // Below this many multiply-adds a thread is faster alone than with another (some µs of work).
    private const long WorthSharing = 1 << 18;

    // Cuts a thread, so that one that was interrupted leaves its share to the others.
    private const int CutsPerThread = 4;

    // Products with at most as many columns are booked as those of adapters.
    private const int ThinColumns = 64;

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

        var tileRows = b.Panels[0].Kernel.MaxRows;
        var innerBlock = GemmBlocking.InnerBlock(b.K);

        // One panel alone reads no row again.
        var rowBlocks = b.Panels.Length == 1 ? 1 : Blocks(c.Rows, GemmBlocking.RowBlock(innerBlock, tileRows));
        var columnBlocks = 1;
        if (team.Threads > 1 && (long)c.Rows * b.K * b.N >= WorthSharing)
        {
            (rowBlocks, columnBlocks) = Cut(c.Rows, tileRows, rowBlocks, b.Panels.Length, team.Threads);
        }

        var job = new GemmJob
        {
            A = a,
            Tail = aTail,
            B = b,
            C = c,
            Epilogue = epilogue,
            HasEpilogue = NeedsEpilogue(epilogue),
            ResidualInTile = epilogue.Dropout.IsEmpty && epilogue.TailDropout.IsEmpty && !epilogue.Accumulate
                && !epilogue.Residual.IsEmpty,
            InnerBlock = innerBlock,
            RowBlocks = rowBlocks,
            ColumnBlocks = columnBlocks,
        };
        if (columnBlocks == 1 && (rowBlocks == 1 || team.Threads == 1))
        {
            for (var item = 0; item < rowBlocks; item++)
            {
                job.Run(item, 0);
            }
        }
        else
        {
            team.Run(rowBlocks * columnBlocks, ref job);
        }

        GC.KeepAlive(b);
    }

    // A multiple of the threads: equal shares finish together. Few rows are one long run of panels a thread, each of which
    // is asked for while the one before it is in use: such a product waits for B's memory, not for the multipliers.
    private static (int Rows, int Columns) Cut(int rows, int tileRows, int rowBlocks, int panels, int threads)
    {
        if (rows <= 8 * tileRows)
        {
            return (1, Math.Min(panels, threads));
        }

        var wanted = CutsPerThread * threads;
        rowBlocks = Math.Max(rowBlocks, Math.Min(wanted, Blocks(rows, 8 * tileRows)));
        rowBlocks = Math.Min(Blocks(rowBlocks, threads) * threads, Blocks(rows, tileRows));
        return (rowBlocks, Math.Min(panels, Blocks(wanted, rowBlocks)));
    }

    private static int Blocks(int count, int size) => (count + size - 1) / size;

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
