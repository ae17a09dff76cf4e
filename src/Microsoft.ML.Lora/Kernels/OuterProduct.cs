using System.Runtime.CompilerServices;
using static Microsoft.ML.Lora.Kernels.RowCounts;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>grad [R, K] += thinᵀ · wide over one block of rows, cut into tiles of <see cref="OuterKernel{S, V}"/>.</summary>
internal unsafe struct OuterProduct : ISimdKernel
{
    public int M;
    public float* Thin;
    public nint ThinStride;
    public int R;
    public float* Wide;
    public nint WideStride;
    public int K;

    /// <summary>From a row of wide to the row of the next block, in floats; 0 in the last block.</summary>
    public nint Ahead;
    public float* Grad;
    public nint GradStride;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        var k = 0;
        for (; k + (3 * S.Count) <= K; k += 3 * S.Count)
        {
            Strip<S, V, Rows3>(k);
        }

        for (; k + S.Count <= K; k += S.Count)
        {
            Strip<S, V, Rows1>(k);
        }

        for (; k < K; k++)
        {
            Column(k);
        }
    }

    private readonly void Strip<S, V, TVectors>(int k)
        where S : struct, ISimd<V>
        where V : struct
        where TVectors : struct, IRowCount
    {
        var wide = Wide + k;
        var most = S.Count == 16 ? 8 : 4;
        for (var r = 0; r < R;)
        {
            // What the first group of rows has read is in the cache for the others.
            var ahead = r == 0 ? Ahead : 0;
            var thin = Thin + r;
            var grad = Grad + (r * GradStride) + k;
            var rows = Math.Min(most, R - r);
            switch (rows)
            {
                case 8:
                    OuterKernel<S, V>.Run<Rows8, TVectors>(M, thin, ThinStride, wide, WideStride, ahead, grad, GradStride);
                    break;
                case >= 4:
                    OuterKernel<S, V>.Run<Rows4, TVectors>(M, thin, ThinStride, wide, WideStride, ahead, grad, GradStride);
                    rows = 4;
                    break;
                case >= 2:
                    OuterKernel<S, V>.Run<Rows2, TVectors>(M, thin, ThinStride, wide, WideStride, ahead, grad, GradStride);
                    rows = 2;
                    break;
                default:
                    OuterKernel<S, V>.Run<Rows1, TVectors>(M, thin, ThinStride, wide, WideStride, ahead, grad, GradStride);
                    break;
            }

            r += rows;
        }
    }

    private readonly void Column(int k)
    {
        for (var r = 0; r < R; r++)
        {
            var sum = 0f;
            for (var m = 0; m < M; m++)
            {
                sum = SimdScalar.MultiplyAdd(Thin[(m * ThinStride) + r], Wide[(m * WideStride) + k], sum);
            }

            Grad[(r * GradStride) + k] += sum;
        }
    }
}
