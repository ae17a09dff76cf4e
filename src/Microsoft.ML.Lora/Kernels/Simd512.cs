using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.Lora.Tensors;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Sixteen floats: AVX-512.</summary>
internal readonly unsafe struct Simd512 : ISimd<Lanes>
{
    public static int Count => 16;

    public static Lanes Create(float value) => Vector512.Create(value);

    public static Lanes Load(float* source) => Vector512.Load(source);

    public static Lanes LoadPartial(float* source, int count)
    {
        var lanes = default(Lanes);
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(&lanes, count));
        return lanes;
    }

    public static void Store(float* destination, Lanes value) => Vector512.Store(value, destination);

    public static void StorePastCaches(float* destination, Lanes value) => Vector512.StoreAlignedNonTemporal(value, destination);

    public static void StorePartial(float* destination, Lanes value, int count) =>
        new ReadOnlySpan<float>(&value, count).CopyTo(new Span<float>(destination, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes WidenShort(ushort* source)
    {
        var bits = Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << ShortFloat.Shift;
        return (bits & Vector512.Create(ShortFloat.Mask)).AsSingle() * Vector512.Create(ShortFloat.Scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes WidenBFloat16(ushort* source) =>
        (Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)) << 16).AsSingle();

    public static Lanes Add(Lanes a, Lanes b) => a + b;

    public static Lanes Subtract(Lanes a, Lanes b) => a - b;

    public static Lanes Multiply(Lanes a, Lanes b) => a * b;

    public static Lanes Divide(Lanes a, Lanes b) => a / b;

    public static Lanes MultiplyAdd(Lanes a, Lanes b, Lanes c) => Avx512F.FusedMultiplyAdd(a, b, c);

    public static Lanes Max(Lanes a, Lanes b) => Avx512F.Max(a, b);

    public static Lanes Min(Lanes a, Lanes b) => Avx512F.Min(a, b);

    public static Lanes Abs(Lanes a) => Vector512.Abs(a);

    public static Lanes Sqrt(Lanes a) => Vector512.Sqrt(a);

    public static Lanes Round(Lanes a) => Vector512.Round(a);

    public static Lanes ScaleByPowerOfTwo(Lanes a, Lanes n) => Avx512F.Scale(a, n);

    public static Lanes SelectGreater(Lanes a, Lanes b, Lanes x, Lanes y) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(a, b), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes a) => Simd256.Sum(Fold(a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Lanes a, Lanes b, Lanes c, Lanes d) => Simd256.Sums(Fold(a), Fold(b), Fold(c), Fold(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sums(Lanes a, Lanes b, Lanes c, Lanes d, Lanes e, Lanes f, Lanes g, Lanes h) =>
        Simd256.Sums(Fold(a), Fold(b), Fold(c), Fold(d), Fold(e), Fold(f), Fold(g), Fold(h));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Greatest(Lanes a) => Simd256.Greatest(Simd256.Max(a.GetLower(), a.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes DropoutFactors(uint rowKey, uint firstColumn, uint threshold, Lanes keepScale)
    {
        var x = ((Vector512<uint>.Indices + Vector512.Create(firstColumn)) * 0x9E3779B9) + Vector512.Create(rowKey);
        x = (x ^ (x >> 16)) * 0x85EBCA6B;
        x = (x ^ (x >> 13)) * 0xC2B2AE35;
        x ^= x >> 16;
        return Vector512.AndNot(keepScale, Vector512.LessThan(x, Vector512.Create(threshold)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Fold(Lanes a) => a.GetLower() + a.GetUpper();
}
