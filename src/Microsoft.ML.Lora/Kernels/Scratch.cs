using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Working memory of the calling thread: grows to the greatest size asked for and stays.</summary>
/// <remarks>One user at a time: a kernel that holds it calls no other kernel that asks for it.</remarks>
internal static unsafe class Scratch
{
    [ThreadStatic]
    private static AlignedBuffer? _buffer;

    [ThreadStatic]
    private static AlignedBuffer? _panel;

    /// <summary>At least <paramref name="count"/> floats with undefined contents, 64-byte aligned.</summary>
    public static float* Floats(long count) => Grow(ref _buffer, count);

    /// <summary>The same in a place of its own, for the block of a panel that a product widens.</summary>
    public static float* Panel(long count) => Grow(ref _panel, count);

    private static float* Grow(ref AlignedBuffer? buffer, long count)
    {
        if (buffer == null || buffer.Length < count)
        {
            buffer?.Dispose();
            buffer = new AlignedBuffer(Math.Max(count, 1 << 14));
        }

        return buffer.Pointer;
    }
}
