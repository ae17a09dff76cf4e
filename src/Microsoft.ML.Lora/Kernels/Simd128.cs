using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.Lora.Tensors;
using Lanes = System.Runtime.Intrinsics.Vector128<float>;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Four floats: SSE or NEON.</summary>
internal readonly unsafe struct Simd128 : ISimd<Lanes>
{
    public static int Count => 4;

    public static Lanes Create(float value) => Vector128.Create(value);

    public static Lanes Load(float* source) => Vector128.Load(source);

    public static Lanes LoadPartial(float* source, int count)
    {
        var lanes = default(Lanes);
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(&lanes, count));
        return lanes;
    }

    public static void Store(float* destination, Lanes value) => Vector128.Store(value, destination);

    public static void StorePastCaches(float* destination, Lanes value) => Vector128.StoreAlignedNonTemporal(value, destination);

    public static void StorePartial(float* destination, Lanes value, int count) =>
        new ReadOnlySpan<float>(&value, count).CopyTo(new Span<float>(destination, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes WidenShort(ushort* source)
    {
        var bits = Vector128.WidenLower(Vector128.CreateScalar(*(long*)source).AsInt16()) << ShortFloat.Shift;
        return (bits & Vector128.Create(ShortFloat.Mask)).AsSingle() * Vector128.Create(ShortFloat.Scale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes WidenBFloat16(ushort* source) =>
        (Vector128.WidenLower(Vector128.CreateScalar(*(long*)source).AsInt16()) << 16).AsSingle();

    public static Lanes Add(Lanes a, Lanes b) => a + b;

    public static Lanes Subtract(Lanes a, Lanes b) => a - b;

    public static Lanes Multiply(Lanes a, Lanes b) => a * b;

    public static Lanes Divide(Lanes a, Lanes b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes MultiplyAdd(Lanes a, Lanes b, Lanes c) =>
        Fma.IsSupported ? Fma.MultiplyAdd(a, b, c)
        : AdvSimd.IsSupported ? AdvSimd.FusedMultiplyAdd(c, a, b)
        : (a * b) + c;

    public static Lanes Max(Lanes a, Lanes b) => Vector128.MaxNative(a, b);

    public static Lanes Min(Lanes a, Lanes b) => Vector128.MinNative(a, b);

    public static Lanes Abs(Lanes a) => Vector128.Abs(a);

    public static Lanes Sqrt(Lanes a) => Vector128.Sqrt(a);

    public static Lanes Round(Lanes a) => Vector128.Round(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes ScaleByPowerOfTwo(Lanes a, Lanes n)
    {
        // Two halves of the exponent, each a normal power of two, reach the subnormal results too.
        var whole = Vector128.ConvertToInt32Native(n);
        var half = whole >> 1;
        return a * Power(half) * Power(whole - half);
    }

    public static Lanes SelectGreater(Lanes a, Lanes b, Lanes x, Lanes y) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes a)
    {
        var pairs = a + Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1));
        return pairs.ToScalar() + pairs.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Sums(Lanes a, Lanes b, Lanes c, Lanes d)
    {
        var ac = Transpose.Low(a, c) + Transpose.High(a, c);
        var bd = Transpose.Low(b, d) + Transpose.High(b, d);
        return Transpose.Low(ac, bd) + Transpose.High(ac, bd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sums(Lanes a, Lanes b, Lanes c, Lanes d, Lanes e, Lanes f, Lanes g, Lanes h) =>
        Vector256.Create(Sums(a, b, c, d), Sums(e, f, g, h));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Greatest(Lanes a)
    {
        var pairs = Vector128.MaxNative(a, Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(pairs.ToScalar(), pairs.GetElement(1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes DropoutFactors(uint rowKey, uint firstColumn, uint threshold, Lanes keepScale)
    {
        var x = ((Vector128<uint>.Indices + Vector128.Create(firstColumn)) * 0x9E3779B9) + Vector128.Create(rowKey);
        x = (x ^ (x >> 16)) * 0x85EBCA6B;
        x = (x ^ (x >> 13)) * 0xC2B2AE35;
        x ^= x >> 16;
        return Vector128.AndNot(keepScale, Vector128.LessThan(x, Vector128.Create(threshold)).AsSingle());
    }

    private static Lanes Power(Vector128<int> n) => ((n + Vector128.Create(127)) << 23).AsSingle();
}
