using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.Lora.Tensors;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Eight floats: AVX2 with FMA.</summary>
internal readonly unsafe struct Simd256 : ISimd<Lanes>
{
    public static int Count => 8;

    public static Lanes Create(float value) => Vector256.Create(value);

    public static Lanes Load(float* source) => Vector256.Load(source);

    public static Lanes LoadPartial(float* source, int count)
    {
        var lanes = default(Lanes);
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(&lanes, count));
        return lanes;
    }

    public static void Store(float* destination, Lanes value) => Vector256.Store(value, destination);

    public static void StorePastCaches(float* destination, Lanes value) => Vector256.StoreAlignedNonTemporal(value, destination);

    public static void StorePartial(float* destination, Lanes value, int count) =>
        new ReadOnlySpan<float>(&value, count).CopyTo(new Span<float>(destination, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes WidenShort(ushort* source)
    {
        var bits = Avx2.ConvertToVector256Int32(Vector128.Load((short*)source)) << ShortFloat.Shift;
        return (bits & Vector256.Create(ShortFloat.Mask)).AsSingle() * Vector256.Create(ShortFloat.Scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes WidenBFloat16(ushort* source) =>
        (Avx2.ConvertToVector256Int32(Vector128.Load((short*)source)) << 16).AsSingle();

    public static Lanes Add(Lanes a, Lanes b) => a + b;

    public static Lanes Subtract(Lanes a, Lanes b) => a - b;

    public static Lanes Multiply(Lanes a, Lanes b) => a * b;

    public static Lanes Divide(Lanes a, Lanes b) => a / b;

    public static Lanes MultiplyAdd(Lanes a, Lanes b, Lanes c) => Fma.MultiplyAdd(a, b, c);

    public static Lanes Max(Lanes a, Lanes b) => Avx.Max(a, b);

    public static Lanes Min(Lanes a, Lanes b) => Avx.Min(a, b);

    public static Lanes Abs(Lanes a) => Vector256.Abs(a);

    public static Lanes Sqrt(Lanes a) => Vector256.Sqrt(a);

    public static Lanes Round(Lanes a) => Vector256.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes ScaleByPowerOfTwo(Lanes a, Lanes n)
    {
        // Two halves of the exponent, each a normal power of two, reach the subnormal results too.
        var whole = Vector256.ConvertToInt32Native(n);
        var half = whole >> 1;
        return a * Power(half) * Power(whole - half);
    }

    public static Lanes SelectGreater(Lanes a, Lanes b, Lanes x, Lanes y) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(a, b), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes a) => Simd128.Sum(a.GetLower() + a.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Lanes a, Lanes b, Lanes c, Lanes d)
    {
        var sums = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
        return sums.GetLower() + sums.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Sums(Lanes a, Lanes b, Lanes c, Lanes d, Lanes e, Lanes f, Lanes g, Lanes h)
    {
        var first = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
        var second = Avx.HorizontalAdd(Avx.HorizontalAdd(e, f), Avx.HorizontalAdd(g, h));
        return Avx.Permute2x128(first, second, 0x20) + Avx.Permute2x128(first, second, 0x31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Greatest(Lanes a) => Simd128.Greatest(Simd128.Max(a.GetLower(), a.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes DropoutFactors(uint rowKey, uint firstColumn, uint threshold, Lanes keepScale)
    {
        var x = ((Vector256<uint>.Indices + Vector256.Create(firstColumn)) * 0x9E3779B9) + Vector256.Create(rowKey);
        x = (x ^ (x >> 16)) * 0x85EBCA6B;
        x = (x ^ (x >> 13)) * 0xC2B2AE35;
        x ^= x >> 16;
        return Vector256.AndNot(keepScale, Vector256.LessThan(x, Vector256.Create(threshold)).AsSingle());
    }

    private static Lanes Power(Vector256<int> n) => ((n + Vector256.Create(127)) << 23).AsSingle();
}
