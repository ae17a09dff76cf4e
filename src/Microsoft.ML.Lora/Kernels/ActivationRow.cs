using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The loop of one activation at one width.</summary>
internal static unsafe class ActivationRow<S, V, TFunction>
    where S : struct, ISimd<V>
    where V : struct
    where TFunction : struct, IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* x, float* y, float* derivative, int count)
    {
        if (derivative == null)
        {
            Values(x, y, count);
            return;
        }

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values(float* x, float* y, int count)
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
