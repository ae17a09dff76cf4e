using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>One float at a time: the oracle, and what runs where there are no vectors.</summary>
internal readonly unsafe struct SimdScalar : ISimd<float>
{
    public static int Count => 1;

    public static float Create(float value) => value;

    public static float Load(float* source) => *source;

    public static float LoadPartial(float* source, int count) => 0;

    public static void Store(float* destination, float value) => *destination = value;

    public static void StorePastCaches(float* destination, float value) => *destination = value;

    public static void StorePartial(float* destination, float value, int count)
    {
    }

    public static float WidenShort(ushort* source) => ShortFloat.Widen(*source);

    public static float WidenBFloat16(ushort* source) => BitConverter.UInt32BitsToSingle((uint)*source << 16);

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float Divide(float a, float b) => a / b;

    public static float MultiplyAdd(float a, float b, float c) =>
        Fma.IsSupported || AdvSimd.IsSupported ? MathF.FusedMultiplyAdd(a, b, c) : (a * b) + c;

    public static float Max(float a, float b) => a > b ? a : b;

    public static float Min(float a, float b) => a < b ? a : b;

    public static float Abs(float a) => MathF.Abs(a);

    public static float Sqrt(float a) => MathF.Sqrt(a);

    public static float Round(float a) => MathF.Round(a, MidpointRounding.ToEven);

    public static float ScaleByPowerOfTwo(float a, float n) => MathF.ScaleB(a, (int)n);

    public static float SelectGreater(float a, float b, float x, float y) => a > b ? x : y;

    public static float Sum(float a) => a;

    public static Vector128<float> Sums(float a, float b, float c, float d) => Vector128.Create(a, b, c, d);

    public static Vector256<float> Sums(float a, float b, float c, float d, float e, float f, float g, float h) =>
        Vector256.Create(a, b, c, d, e, f, g, h);

    public static float Greatest(float a) => a;

    public static float DropoutFactors(uint rowKey, uint firstColumn, uint threshold, float keepScale) =>
        DropoutMask.Hash(rowKey, firstColumn) < threshold ? 0 : keepScale;
}
