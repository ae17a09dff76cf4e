using System.Runtime.InteropServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Stored half-precision numbers (little endian) widened to float; both conversions are exact.</summary>
internal static class Widen
{
    /// <summary>IEEE binary16 to float.</summary>
    public static void Float16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(source);
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)halves[i];
        }
    }

    /// <summary>bfloat16, the upper half of a float, to float.</summary>
    public static void BFloat16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        var halves = MemoryMarshal.Cast<byte, ushort>(source);
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
        }
    }
}
