using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Asks for memory some time before it is needed; without effect where the machine has no such instruction.</summary>
/// <remarks>
/// Activations of a training step come from the third level or from memory, and rows far apart are a pattern that
/// hardware does not follow: without these hints a product waits for a quarter of its time.
/// </remarks>
internal static unsafe class CachePrefetch
{
    public const int LineBytes = 64;
    public const int LineFloats = LineBytes / sizeof(float);

    /// <summary>Steps of k between two requests. A core has some two dozen misses under way: more at once hold up all other loads.</summary>
    public const int Run = 8;

    /// <summary>A loop of so few steps asks for nothing: the asking would take a fifth of its time.</summary>
    public const int ShortLoop = 2 * Run;

    // So many runs before its end a tile asks for the last row: longer than memory takes, and not so long that it is lost again.
    private const int RunsToArrive = 3;

    /// <summary>Rows of at most two lines, to the first-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tile(byte* first, nint stride, int rows, int bytes)
    {
        if (Sse.IsSupported)
        {
            for (var row = 0; row < rows; row++, first += stride)
            {
                Sse.Prefetch0(first);
                if (bytes > LineBytes)
                {
                    Sse.Prefetch0(first + LineBytes);
                }
            }
        }
    }

    /// <summary>Asks at once for what a tile ends with when its loop is too short to do so on the way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Begin(MicroTile* tile, int rows, int bytes)
    {
        if (tile->K > ShortLoop && tile->K <= (rows + RunsToArrive) * Run)
        {
            while (tile->Fetched < rows)
            {
                Row(tile, bytes);
            }
        }
    }

    /// <summary>Asks for some of what comes next and, near the end, for one row of what the tile ends with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Continue(MicroTile* tile, nint k, int rows, int bytes)
    {
        if (tile->Prefetch != null && (k & tile->PrefetchMask) == 0)
        {
            Column(tile->Prefetch, tile->PrefetchStride, tile->PrefetchLines);
            tile->Prefetch += tile->PrefetchStep;
        }

        if (k <= (rows + RunsToArrive) * Run && tile->K > ShortLoop && tile->Fetched < rows)
        {
            Row(tile, bytes);
        }
    }

    /// <summary>One line, to the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(address);
        }
    }

    /// <summary>One line of each row, to the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Column(byte* first, nint stride, int rows)
    {
        for (var row = 0; row < rows; row++, first += stride)
        {
            Line(first);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(MicroTile* tile, int bytes)
    {
        nint row = tile->Fetched++;
        Tile(tile->C + (row * tile->CStride), 0, 1, bytes);
        if (tile->Addend != null && tile->Addend != tile->C)
        {
            Tile(tile->Addend + (row * tile->AddendStride), 0, 1, bytes);
        }

        if (tile->Beside != null)
        {
            Tile(tile->Beside + (row * tile->BesideStride), 0, 1, bytes);
        }
    }
}
