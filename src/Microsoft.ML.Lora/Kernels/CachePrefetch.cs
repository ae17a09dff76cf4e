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

    /// <summary>The tile of a matrix that starts at a row and column, to the first-level cache; nothing when it is empty.</summary>
    public static void Tile(in Tensors.Matrix matrix, int row, int column, int rows, int columns)
    {
        if (!matrix.IsEmpty)
        {
            Tile((byte*)(matrix.RowPointer(row) + column), matrix.Stride * sizeof(float), rows, columns * sizeof(float));
        }
    }

    /// <summary>One line of each row, to the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Column(byte* first, nint stride, int rows)
    {
        if (Sse.IsSupported)
        {
            for (var row = 0; row < rows; row++, first += stride)
            {
                Sse.Prefetch1(first);
            }
        }
    }
}
