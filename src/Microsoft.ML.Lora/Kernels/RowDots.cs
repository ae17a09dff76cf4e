using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>result[i, j] = a_i · b_j for rows of <see cref="Size"/> floats: products too small and odd to pack.</summary>
internal unsafe struct RowDots : ISimdKernel
{
    public float* A;
    public nint AStride;
    public int ARows;
    public float* B;
    public nint BStride;
    public int BRows;
    public int Size;
    public float* Result;
    public nint ResultStride;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        var whole = Size - (Size % S.Count);
        for (var i = 0; i < ARows; i++)
        {
            var a = A + (i * AStride);
            for (var j = 0; j < BRows; j++)
            {
                var b = B + (j * BStride);
                var sum = S.Create(0);
                for (var d = 0; d < whole; d += S.Count)
                {
                    sum = S.MultiplyAdd(S.Load(a + d), S.Load(b + d), sum);
                }

                if (whole < Size)
                {
                    var rest = Size - whole;
                    sum = S.MultiplyAdd(S.LoadPartial(a + whole, rest), S.LoadPartial(b + whole, rest), sum);
                }

                Result[(i * ResultStride) + j] = S.Sum(sum);
            }
        }
    }
}

/// <summary>result_i += Σ over j of w[i, j] · b_j, for rows of <see cref="Size"/> floats; w in any order.</summary>
internal unsafe struct RowSums : ISimdKernel
{
    public float* Weights;
    public nint WeightsStride;
    public nint WeightsStep;
    public float* B;
    public nint BStride;
    public int BRows;
    public int Size;
    public float* Result;
    public nint ResultStride;
    public int ResultRows;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var i = 0; i < ResultRows; i++)
        {
            var weights = Weights + (i * WeightsStride);
            var result = Result + (i * ResultStride);
            var d = 0;
            for (; d + S.Count <= Size; d += S.Count)
            {
                var sum = S.Load(result + d);
                for (var j = 0; j < BRows; j++)
                {
                    sum = S.MultiplyAdd(S.Create(weights[j * WeightsStep]), S.Load(B + (j * BStride) + d), sum);
                }

                S.Store(result + d, sum);
            }

            if (d < Size)
            {
                var rest = Size - d;
                var sum = S.LoadPartial(result + d, rest);
                for (var j = 0; j < BRows; j++)
                {
                    sum = S.MultiplyAdd(S.Create(weights[j * WeightsStep]), S.LoadPartial(B + (j * BStride) + d, rest), sum);
                }

                S.StorePartial(result + d, sum, rest);
            }
        }
    }
}
