namespace Microsoft.ML.Lora.Kernels;

/// <summary>How a product is cut: sizes of the blocks that stay in a cache while others pass.</summary>
/// <remarks>
/// Goto, van de Geijn: Anatomy of high-performance matrix multiplication (2008), with the roles of this house: B lies
/// packed, A is read in place. One panel, kc × 32 floats = 128 KiB at kc = 1024, and one block of A, mc × kc floats =
/// 576 KiB, share a second-level cache of 1 MiB (512 KiB: the panel and the rows in use). More rows use a panel of 16-bit
/// numbers more often once it is widened. kc depends on K alone, since it decides the order in which a sum is added up; mc
/// and the cut for threads depend on M and change no bit.
/// </remarks>
internal static class GemmBlocking
{
#if DEBUG
    public const int MaxK = 24;
    private const int BlockFloats = 24 * 18;
#else
    public const int MaxK = 1024;
    private const int BlockFloats = 144 * 1024;
#endif

    /// <summary>kc: K cut evenly in blocks of at most <see cref="MaxK"/>, multiples of 8.</summary>
    public static int InnerBlock(int k)
    {
        var blocks = Math.Max(1, (k + MaxK - 1) / MaxK);
        return Math.Max(8, ((k + blocks - 1) / blocks + 7) & ~7);
    }

    /// <summary>mc: rows of A that stay in the second-level cache, whole tiles of <paramref name="tileRows"/>.</summary>
    public static int RowBlock(int innerBlock, int tileRows) =>
        Math.Max(1, BlockFloats / innerBlock / tileRows) * tileRows;
}
