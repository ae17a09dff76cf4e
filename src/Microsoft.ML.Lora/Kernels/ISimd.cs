using System.Runtime.Intrinsics;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// The operations kernels are written in, once, over the vector type <typeparamref name="V"/>; a kernel instantiated
/// with a struct that implements this compiles to that width's instructions alone.
/// </summary>
/// <typeparam name="V">A vector of <see cref="Count"/> floats.</typeparam>
internal unsafe interface ISimd<V>
    where V : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Count { get; }

    static abstract V Create(float value);

    static abstract V Load(float* source);

    /// <summary>Reads <paramref name="count"/> floats, fewer than a vector, and nothing beyond; the other lanes are 0.</summary>
    static abstract V LoadPartial(float* source, int count);

    static abstract void Store(float* destination, V value);

    /// <summary>Writes where a multiple of the vector's size is, and leaves the caches to others where the machine can.</summary>
    static abstract void StorePastCaches(float* destination, V value);

    /// <summary>Writes the first <paramref name="count"/> lanes, fewer than a vector, and nothing beyond.</summary>
    static abstract void StorePartial(float* destination, V value, int count);

    /// <summary>Numbers of the format <see cref="Tensors.ShortFloat"/> as floats.</summary>
    static abstract V WidenShort(ushort* source);

    /// <summary>The upper halves of floats as floats.</summary>
    static abstract V WidenBFloat16(ushort* source);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary>a · b + c, rounded once where the machine can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>The greater; the second operand when either is not a number.</summary>
    static abstract V Max(V a, V b);

    /// <summary>The lesser; the second operand when either is not a number.</summary>
    static abstract V Min(V a, V b);

    static abstract V Abs(V a);

    static abstract V Sqrt(V a);

    /// <summary>To the nearest whole number, ties to even.</summary>
    static abstract V Round(V a);

    /// <summary>a · 2ⁿ for whole n in [−252, 254], subnormal results included.</summary>
    static abstract V ScaleByPowerOfTwo(V a, V n);

    /// <summary>Per lane a &gt; b ? x : y.</summary>
    static abstract V SelectGreater(V a, V b, V x, V y);

    /// <summary>The sum of all lanes, halves first.</summary>
    static abstract float Sum(V a);

    /// <summary>The sums of all lanes of four vectors.</summary>
    static abstract Vector128<float> Sums(V a, V b, V c, V d);

    /// <summary>The sums of all lanes of eight vectors.</summary>
    static abstract Vector256<float> Sums(V a, V b, V c, V d, V e, V f, V g, V h);

    /// <summary>The greatest lane.</summary>
    static abstract float Greatest(V a);

    /// <summary>
    /// Per lane i <see cref="DropoutMask.Hash"/>(rowKey, firstColumn + i) &lt; threshold ? 0 : keepScale.
    /// </summary>
    static abstract V DropoutFactors(uint rowKey, uint firstColumn, uint threshold, V keepScale);
}

/// <summary>A kernel: its operands, and a body that can be compiled for any width.</summary>
internal interface ISimdKernel
{
    void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct;
}
