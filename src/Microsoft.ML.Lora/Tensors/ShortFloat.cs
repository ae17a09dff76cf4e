using System.Runtime.Intrinsics;

namespace Microsoft.ML.Lora.Tensors;

/// <summary>
/// A 16-bit number that holds every binary16 one below <see cref="Limit"/>: the same sign, five bits of exponent and ten of fraction,
/// but the exponents lie as low as binary16's subnormal numbers reach, and only zero is subnormal.
/// </summary>
/// <remarks>
/// Widened with its sign and shifted by <see cref="Shift"/>, exponent and fraction lie in a float's place below copies of the sign, of
/// which <see cref="Mask"/> leaves the first; times <see cref="Scale"/> it is the float. Nothing is rounded, and no operand is
/// subnormal: a multiplication would take a hundred cycles and more for one.
/// </remarks>
internal static unsafe class ShortFloat
{
    public const int Shift = 13;
    public const int Mask = unchecked((int)0x8FFFFFFF);

    /// <summary>2¹⁰²: from the exponent 2⁻²⁴ of the least number at 1 to where a float has it, at 103.</summary>
    public const float Scale = 5.070602400912918e30f;

    /// <summary>The least magnitude that is too great.</summary>
    public const float Limit = 128;

    private const float InverseScale = 1.9721522630525295e-31f;

    /// <summary>The float of a number.</summary>
    public static float Widen(ushort value) =>
        BitConverter.Int32BitsToSingle(((short)value << Shift) & Mask) * Scale;

    /// <summary>Numbers from floats, each the value of a binary16 number below <see cref="Limit"/>.</summary>
    public static void Narrow(float* source, ushort* destination, int count)
    {
        var i = 0;
        for (; i + Vector256<ushort>.Count <= count && Vector256.IsHardwareAccelerated; i += Vector256<ushort>.Count)
        {
            Vector256.Narrow(Bits(source + i), Bits(source + i + Vector256<float>.Count)).Store(destination + i);
        }

        for (; i < count; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(source[i] * InverseScale);
            destination[i] = (ushort)(((bits >> 16) & 0x8000) | ((bits & 0x7FFFFFFF) >> Shift));
        }
    }

    private static Vector256<uint> Bits(float* source)
    {
        var bits = (Vector256.Load(source) * Vector256.Create(InverseScale)).AsUInt32();
        return ((bits >> 16) & Vector256.Create(0x8000u)) | ((bits & Vector256.Create(0x7FFFFFFFu)) >> Shift);
    }
}
