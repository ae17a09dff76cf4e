namespace Microsoft.ML.Lora.Kernels;

/// <summary>How the rows and panels of a product are cut into items, for the caches and for threads. No bit depends on it.</summary>
/// <param name="RowBlocks">Blocks of rows.</param>
/// <param name="ColumnBlocks">Runs of panels.</param>
/// <param name="RowsATime">A block's rows are a multiple of it, but the last one's.</param>
internal readonly record struct GemmCut(int RowBlocks, int ColumnBlocks, int RowsATime)
{
    // An item is at least so many multiply-adds (some µs of work): below it a thread is faster alone than with another.
    private const long WorthSharing = 1 << 18;

    // At most so many cuts a thread, so that one that was interrupted leaves its share to the others.
    private const int CutsPerThread = 4;

    // A panel of B, once read, is used for at least so many tiles.
    private const int TilesAPanel = 8;

    /// <summary>The cut of [rows, K] · b.</summary>
    public static GemmCut For(int rows, PackedMatrix b, bool isShort, int threads)
    {
        var tileRows = isShort ? ShortProduct.RowsATime : b.Panels[0].Kernel.MaxRows;

        // No row of A is read again: it need not stay in a cache, and whole tiles count for more than even shares.
        var isOnePass = isShort || b.Panels.Length == 1;
        var rowsATime = isOnePass ? tileRows : 1;
        var blocks = isOnePass ? 1 : Parts(rows, GemmBlocking.RowBlock(GemmBlocking.InnerBlock(b.K), tileRows));
        var shares = (long)rows * b.K * b.N / WorthSharing;
        if (threads == 1 || shares == 0)
        {
            return new GemmCut(blocks, 1, rowsATime);
        }

        // Few rows are one long run of panels a thread, each of which is asked for while the one before it is in use: such a
        // product waits for B's memory, not for the multipliers.
        if (rows <= TilesAPanel * tileRows)
        {
            return new GemmCut(1, Math.Min(b.Panels.Length, threads), rowsATime);
        }

        var wanted = Wanted(shares, threads);
        blocks = Math.Max(blocks, Math.Min(wanted, Parts(rows, TilesAPanel * tileRows)));
        blocks = Math.Min(Parts(blocks, threads) * threads, Parts(rows, tileRows));
        return new GemmCut(blocks, Math.Min(b.Panels.Length, Parts(wanted, blocks)), rowsATime);
    }

    /// <summary>A cut in whole tiles of rows alone.</summary>
    public static GemmCut OfRows(int rows, int tileRows, long products, int threads)
    {
        var shares = products / WorthSharing;
        var wanted = threads == 1 || shares == 0 ? 1 : Wanted(shares, threads);
        return new GemmCut(Math.Max(1, Math.Min(wanted, Parts(rows, tileRows))), 1, tileRows);
    }

    /// <summary>The rows of an item, of <paramref name="count"/> in all.</summary>
    public (int First, int Last) Rows(int item, int count)
    {
        var (first, last) = Share(item / ColumnBlocks, RowBlocks, Parts(count, RowsATime));
        return (first * RowsATime, Math.Min(last * RowsATime, count));
    }

    /// <summary>The panels of an item.</summary>
    public (int First, int Last) Panels(int item, PackedMatrix b) => Share(item % ColumnBlocks, ColumnBlocks, b.Panels.Length);

    // A multiple of the threads: equal shares finish together.
    private static int Wanted(long shares, int threads) => threads * (int)Math.Clamp(shares / threads, 1, CutsPerThread);

    private static (int First, int Last) Share(int index, int shares, int count) =>
        ((int)((long)count * index / shares), (int)((long)count * (index + 1) / shares));

    private static int Parts(int count, int size) => (count + size - 1) / size;
}
