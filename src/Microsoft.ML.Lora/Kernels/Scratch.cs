using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Working memory of the calling thread: grows to the greatest size asked for and stays.</summary>
/// <remarks>One user at a time: a kernel that holds it calls no other kernel that asks for it.</remarks>
internal static unsafe class Scratch
{
    [ThreadStatic]
    private static AlignedBuffer? _buffer;

    /// <summary>At least <paramref name="count"/> floats with undefined contents, 64-byte aligned.</summary>
    public static float* Floats(long count)
    {
        if (_buffer == null || _buffer.Length < count)
        {
            _buffer?.Dispose();
            _buffer = new AlignedBuffer(Math.Max(count, 1 << 14));
        }

        return _buffer.Pointer;
    }
}
