using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Asks for memory some time before it is needed.</summary>
internal static unsafe class CachePrefetch
{
    private const int Line = 64;

    /// <summary>Every cache line of a block of rows; without effect where the machine has no such instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rows(byte* first, nint stride, int rows, int bytes)
    {
        if (Sse.IsSupported)
        {
            for (var row = 0; row < rows; row++, first += stride)
            {
                Sse.Prefetch0(first);
                if (bytes > Line)
                {
                    Sse.Prefetch0(first + Line);
                }
            }
        }
    }
}
