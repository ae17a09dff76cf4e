using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// The register tile of gradient products: grad [1 to 8 rows, 1 to 3 vectors] += thinᵀ · wide, summed over M in order.
/// </summary>
/// <remarks>
/// 24 accumulators + 3 of wide + 1 of thin = 28 of AVX-512's and NEON's 32 registers; AVX2 and SSE take 4 rows, 12 + 3 + 1
/// = 16. Eleven loads feed 24 multiply-adds.
/// </remarks>
internal static unsafe class OuterKernel<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    /// <summary>Adds the product of <paramref name="m"/> rows of thin and wide to grad; strides count floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TRows, TVectors>(
        nint m, float* thin, nint thinStride, float* wide, nint wideStride, nint ahead, float* grad,
        nint gradStride)
        where TRows : struct, IRowCount
        where TVectors : struct, IRowCount
    {
        V c0a = default, c0b = default, c0c = default;
        V c1a = default, c1b = default, c1c = default;
        V c2a = default, c2b = default, c2c = default;
        V c3a = default, c3b = default, c3c = default;
        V c4a = default, c4b = default, c4c = default;
        V c5a = default, c5b = default, c5c = default;
        V c6a = default, c6b = default, c6c = default;
        V c7a = default, c7b = default, c7c = default;
        var lines = ((TVectors.Count * S.Count) + CachePrefetch.LineFloats - 1) / CachePrefetch.LineFloats;
        for (; m != 0; m--)
        {
            var p = S.Load(wide);
            var q = TVectors.Count > 1 ? S.Load(wide + S.Count) : default;
            var u = TVectors.Count > 2 ? S.Load(wide + (2 * S.Count)) : default;
            CachePrefetch.Column((byte*)(wide + ahead), CachePrefetch.LineBytes, lines);
            wide += wideStride;
            Multiply<TRows, TVectors>(0, thin, p, q, u, ref c0a, ref c0b, ref c0c);
            Multiply<TRows, TVectors>(1, thin, p, q, u, ref c1a, ref c1b, ref c1c);
            Multiply<TRows, TVectors>(2, thin, p, q, u, ref c2a, ref c2b, ref c2c);
            Multiply<TRows, TVectors>(3, thin, p, q, u, ref c3a, ref c3b, ref c3c);
            Multiply<TRows, TVectors>(4, thin, p, q, u, ref c4a, ref c4b, ref c4c);
            Multiply<TRows, TVectors>(5, thin, p, q, u, ref c5a, ref c5b, ref c5c);
            Multiply<TRows, TVectors>(6, thin, p, q, u, ref c6a, ref c6b, ref c6c);
            Multiply<TRows, TVectors>(7, thin, p, q, u, ref c7a, ref c7b, ref c7c);
            thin += thinStride;
        }

        grad = Add<TRows, TVectors>(0, grad, gradStride, c0a, c0b, c0c);
        grad = Add<TRows, TVectors>(1, grad, gradStride, c1a, c1b, c1c);
        grad = Add<TRows, TVectors>(2, grad, gradStride, c2a, c2b, c2c);
        grad = Add<TRows, TVectors>(3, grad, gradStride, c3a, c3b, c3c);
        grad = Add<TRows, TVectors>(4, grad, gradStride, c4a, c4b, c4c);
        grad = Add<TRows, TVectors>(5, grad, gradStride, c5a, c5b, c5c);
        grad = Add<TRows, TVectors>(6, grad, gradStride, c6a, c6b, c6c);
        Add<TRows, TVectors>(7, grad, gradStride, c7a, c7b, c7c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows, TVectors>(int row, float* thin, V p, V q, V u, ref V a, ref V b, ref V c)
        where TRows : struct, IRowCount
        where TVectors : struct, IRowCount
    {
        if (TRows.Count <= row)
        {
            return;
        }

        var x = S.Create(thin[row]);
        a = S.MultiplyAdd(x, p, a);
        if (TVectors.Count > 1)
        {
            b = S.MultiplyAdd(x, q, b);
        }

        if (TVectors.Count > 2)
        {
            c = S.MultiplyAdd(x, u, c);
        }
    }

    // Gives the next row's place.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Add<TRows, TVectors>(int row, float* grad, nint stride, V a, V b, V c)
        where TRows : struct, IRowCount
        where TVectors : struct, IRowCount
    {
        if (TRows.Count > row)
        {
            S.Store(grad, S.Add(S.Load(grad), a));
            if (TVectors.Count > 1)
            {
                S.Store(grad + S.Count, S.Add(S.Load(grad + S.Count), b));
            }

            if (TVectors.Count > 2)
            {
                S.Store(grad + (2 * S.Count), S.Add(S.Load(grad + (2 * S.Count)), c));
            }
        }

        return grad + stride;
    }
}
