using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The loop of one activation at one width, over some rows: a tile's are two vectors long, too short for a call each.</summary>
internal static unsafe class ActivationRows<S, V, TFunction>
    where S : struct, ISimd<V>
    where V : struct
    where TFunction : struct, IActivationFunction
{
    /// <summary>f(x), and where not null f′(x), whose rows lie as far apart as those of y.</summary>
    public static void Run(float* x, nint xStride, float* y, nint yStride, float* derivative, int rows, int count)
    {
        if (derivative == null)
        {
            Values(x, xStride, y, yStride, rows, count);
        }
        else
        {
            Derivatives(x, xStride, y, yStride, derivative, rows, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values(float* x, nint xStride, float* y, nint yStride, int rows, int count)
    {
        for (; rows > 0; rows--, x += xStride, y += yStride)
        {
            var i = 0;
            for (; i + S.Count <= count; i += S.Count)
            {
                S.Store(y + i, TFunction.Evaluate<S, V>(S.Load(x + i), out _));
            }

            if (i < count)
            {
                S.StorePartial(y + i, TFunction.Evaluate<S, V>(S.LoadPartial(x + i, count - i), out _), count - i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Derivatives(float* x, nint xStride, float* y, nint yStride, float* derivative, int rows, int count)
    {
        for (; rows > 0; rows--, x += xStride, y += yStride, derivative += yStride)
        {
            var i = 0;
            for (; i + S.Count <= count; i += S.Count)
            {
                var value = TFunction.Evaluate<S, V>(S.Load(x + i), out var slope);
                S.Store(derivative + i, slope);
                S.Store(y + i, value);
            }

            if (i < count)
            {
                var value = TFunction.Evaluate<S, V>(S.LoadPartial(x + i, count - i), out var slope);
                S.StorePartial(derivative + i, slope, count - i);
                S.StorePartial(y + i, value, count - i);
            }
        }
    }
}
