using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.Lora.Tensors;

/// <summary>Stored half-precision numbers (little endian) widened to float; both conversions are exact.</summary>
internal static class Widen
{
    /// <summary>IEEE binary16 to float.</summary>
    /// <remarks>
    /// Exponent and fraction are moved to a float's place and rescaled by 2¹¹², which also normalises the subnormal
    /// ones; what was infinite or not a number has the greatest exponent put back.
    /// </remarks>
    public static void Float16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        Check(source, destination);
        var i = 0;
        if (BitConverter.IsLittleEndian && Vector256.IsHardwareAccelerated)
        {
            var halves = MemoryMarshal.Cast<byte, ushort>(source);
            for (; i + Vector256<float>.Count <= destination.Length; i += Vector256<float>.Count)
            {
                var (low, high) = Vector128.Widen(Vector128.Create(halves.Slice(i, Vector128<ushort>.Count)));
                var bits = Vector256.Create(low, high);
                var sign = (bits & Vector256.Create(0x8000u)) << 16;
                var magnitude = (bits & Vector256.Create(0x7FFFu)) << 13;
                var scaled = (magnitude.AsSingle() * Vector256.Create(5.192296858534828e33f)).AsUInt32();
                var special = Vector256.GreaterThan(magnitude, Vector256.Create(0x0F7FFFFFu));
                var value = Vector256.ConditionalSelect(special, magnitude | Vector256.Create(0x7F800000u), scaled);
                (value | sign).AsSingle().CopyTo(destination[i..]);
            }
        }

        for (; i < destination.Length; i++)
        {
            destination[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]);
        }
    }

    /// <summary>Whether all binary16 numbers are below <see cref="ShortFloat.Limit"/>.</summary>
    public static bool AreSmall(ReadOnlySpan<byte> source)
    {
        const ushort Magnitude = 0x7FFF;
        var limit = BitConverter.HalfToUInt16Bits((Half)ShortFloat.Limit);
        var i = 0;
        if (BitConverter.IsLittleEndian && Vector256.IsHardwareAccelerated)
        {
            var halves = MemoryMarshal.Cast<byte, ushort>(source);
            for (; i + Vector256<ushort>.Count <= halves.Length; i += Vector256<ushort>.Count)
            {
                var magnitudes = Vector256.Create(halves.Slice(i, Vector256<ushort>.Count)) & Vector256.Create(Magnitude);
                if (Vector256.GreaterThanOrEqualAny(magnitudes, Vector256.Create(limit)))
                {
                    return false;
                }
            }
        }

        for (; 2 * i < source.Length; i++)
        {
            if ((BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) & Magnitude) >= limit)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>bfloat16, the upper half of a float, to float.</summary>
    public static void BFloat16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        Check(source, destination);
        var i = 0;
        if (BitConverter.IsLittleEndian && Vector256.IsHardwareAccelerated)
        {
            var halves = MemoryMarshal.Cast<byte, ushort>(source);
            for (; i + Vector256<float>.Count <= destination.Length; i += Vector256<float>.Count)
            {
                var (low, high) = Vector128.Widen(Vector128.Create(halves.Slice(i, Vector128<ushort>.Count)));
                (Vector256.Create(low, high) << 16).AsSingle().CopyTo(destination[i..]);
            }
        }

        for (; i < destination.Length; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle(
                (uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16);
        }
    }

    private static void Check(ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (source.Length != 2L * destination.Length)
        {
            throw new ArgumentException(
                $"{source.Length} bytes do not hold {destination.Length} half-precision numbers.", nameof(source));
        }
    }
}
