using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Element-wise loops over one run of floats at one width. Destinations may be sources.</summary>
internal static unsafe class ElementwiseRow<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    /// <summary>y = x · z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* x, float* z, float* y, int count)
    {
        var i = 0;
        for (; i + S.Count <= count; i += S.Count)
        {
            S.Store(y + i, S.Multiply(S.Load(x + i), S.Load(z + i)));
        }

        if (i < count)
        {
            var rest = count - i;
            S.StorePartial(y + i, S.Multiply(S.LoadPartial(x + i, rest), S.LoadPartial(z + i, rest)), rest);
        }
    }

    /// <summary>y = scale · x, + y where <paramref name="accumulate"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, float scale, float* y, int count, bool accumulate)
    {
        var factor = S.Create(scale);
        var i = 0;
        for (; i + S.Count <= count; i += S.Count)
        {
            var value = S.Load(x + i);
            S.Store(y + i, accumulate ? S.MultiplyAdd(value, factor, S.Load(y + i)) : S.Multiply(value, factor));
        }

        if (i < count)
        {
            var rest = count - i;
            var value = S.LoadPartial(x + i, rest);
            value = accumulate ? S.MultiplyAdd(value, factor, S.LoadPartial(y + i, rest)) : S.Multiply(value, factor);
            S.StorePartial(y + i, value, rest);
        }
    }

    /// <summary>y = x · mask, columns counted from <paramref name="column"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dropout(float* x, uint rowKey, int column, uint threshold, float keepScale, float* y, int count)
    {
        var keep = S.Create(keepScale);
        var i = 0;
        for (; i + S.Count <= count; i += S.Count)
        {
            var factors = S.DropoutFactors(rowKey, (uint)(column + i), threshold, keep);
            S.Store(y + i, S.Multiply(S.Load(x + i), factors));
        }

        if (i < count)
        {
            var rest = count - i;
            var factors = S.DropoutFactors(rowKey, (uint)(column + i), threshold, keep);
            S.StorePartial(y + i, S.Multiply(S.LoadPartial(x + i, rest), factors), rest);
        }
    }
}
