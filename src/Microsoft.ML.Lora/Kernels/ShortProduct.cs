using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using static Microsoft.ML.Lora.Kernels.RowCounts;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// C = bias + A · B + addend where B has so few rows that whole rows of A stay in registers: an update B·A of low rank on its way
/// into a weight, a head's gradient.
/// </summary>
/// <remarks>
/// A tile of a long product would be over as soon as it is set up. Here each vector of C is one chain of multiply-adds, in the same
/// order as a tile's, and C is written along its rows, as memory likes it. Three rows at a time: their 24 numbers, three
/// accumulators and a vector of B are 28 of 32 registers; where there are 16, one row's numbers are 8.
/// </remarks>
internal unsafe struct ShortProduct : ISimdKernel
{
    /// <summary>The most rows of B.</summary>
    public const int MaxK = 8;

    /// <summary>Rows that are computed together.</summary>
    public const int RowsATime = 3;

    // Of B at a time: half of a first-level cache, and read anew by every group of rows.
    private const int BlockBytes = 16 << 10;

    public float* A;
    public nint AStride;
    public int K;

    /// <summary>Panels of two vectors, one after the other.</summary>
    public float* B;
    public int Panels;
    public float* Bias;
    public float* Addend;
    public nint AddendStride;
    public float* C;
    public nint CStride;
    public int Rows;

    /// <summary>C is written past the caches, which hold less; its vectors are aligned.</summary>
    public bool PastCaches;

    public readonly void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        var block = Math.Max(1, BlockBytes / (2 * S.Count * K * sizeof(float)));
        for (var panel = 0; panel < Panels; panel += block)
        {
            var columns = panel * 2 * S.Count;
            var part = this with
            {
                B = B + ((long)columns * K),
                Panels = Math.Min(block, Panels - panel),
                Bias = Bias == null ? null : Bias + columns,
                Addend = Addend == null ? null : Addend + columns,
                C = C + columns,
            };
            part.RunBlock<S, V>();
        }

        if (PastCaches)
        {
            Interlocked.MemoryBarrier();
        }
    }

    private readonly void RunBlock<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        switch (K)
        {
            case 1: RunBlock<S, V, Rows1>(); break;
            case 2: RunBlock<S, V, Rows2>(); break;
            case 3: RunBlock<S, V, Rows3>(); break;
            case 4: RunBlock<S, V, Rows4>(); break;
            case 5: RunBlock<S, V, Rows5>(); break;
            case 6: RunBlock<S, V, Rows6>(); break;
            case 7: RunBlock<S, V, Rows7>(); break;
            default: RunBlock<S, V, Rows8>(); break;
        }
    }

    private readonly void RunBlock<S, V, TK>()
        where S : struct, ISimd<V>
        where V : struct
        where TK : struct, IRowCount
    {
        var row = 0;
        if (S.Count == 16 || AdvSimd.IsSupported)
        {
            row = RunRows<S, V, TK, Rows3>(row);
        }

        RunRows<S, V, TK, Rows1>(row);
    }

    // As many groups of rows as there are; gives the first row that is left. The numbers of A are named locals because the
    // just-in-time compiler keeps those in registers, and no array.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly int RunRows<S, V, TK, TRows>(int row)
        where S : struct, ISimd<V>
        where V : struct
        where TK : struct, IRowCount
        where TRows : struct, IRowCount
    {
        var width = 2 * S.Count;
        for (; row + TRows.Count <= Rows; row += TRows.Count)
        {
            var a = A + (row * AStride);
            Spread<S, V, TK, TRows>(0, a, AStride, out var a00, out var a10, out var a20);
            Spread<S, V, TK, TRows>(1, a, AStride, out var a01, out var a11, out var a21);
            Spread<S, V, TK, TRows>(2, a, AStride, out var a02, out var a12, out var a22);
            Spread<S, V, TK, TRows>(3, a, AStride, out var a03, out var a13, out var a23);
            Spread<S, V, TK, TRows>(4, a, AStride, out var a04, out var a14, out var a24);
            Spread<S, V, TK, TRows>(5, a, AStride, out var a05, out var a15, out var a25);
            Spread<S, V, TK, TRows>(6, a, AStride, out var a06, out var a16, out var a26);
            Spread<S, V, TK, TRows>(7, a, AStride, out var a07, out var a17, out var a27);
            var b = B;
            var bias = Bias;
            var addend = Addend == null ? null : Addend + (row * AddendStride);
            var c = C + (row * CStride);
            for (var vector = 2 * Panels; vector > 0; vector--)
            {
                var c0 = bias == null ? default : S.Load(bias);
                var c1 = c0;
                var c2 = c0;
                Multiply<S, V, TK, TRows>(0, b, a00, a10, a20, ref c0, ref c1, ref c2);
                Multiply<S, V, TK, TRows>(1, b + width, a01, a11, a21, ref c0, ref c1, ref c2);
                Multiply<S, V, TK, TRows>(2, b + (2 * width), a02, a12, a22, ref c0, ref c1, ref c2);
                Multiply<S, V, TK, TRows>(3, b + (3 * width), a03, a13, a23, ref c0, ref c1, ref c2);
                Multiply<S, V, TK, TRows>(4, b + (4 * width), a04, a14, a24, ref c0, ref c1, ref c2);
                Multiply<S, V, TK, TRows>(5, b + (5 * width), a05, a15, a25, ref c0, ref c1, ref c2);
                Multiply<S, V, TK, TRows>(6, b + (6 * width), a06, a16, a26, ref c0, ref c1, ref c2);
                Multiply<S, V, TK, TRows>(7, b + (7 * width), a07, a17, a27, ref c0, ref c1, ref c2);
                Finish<S, V, TRows>(0, c0, addend, c);
                Finish<S, V, TRows>(1, c1, addend, c);
                Finish<S, V, TRows>(2, c2, addend, c);
                bias = bias == null ? null : bias + S.Count;
                addend = addend == null ? null : addend + S.Count;
                c += S.Count;

                // The first half of a panel's rows, then the second, then the next panel.
                b += (vector & 1) == 0 ? S.Count : (TK.Count * width) - S.Count;
            }
        }

        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spread<S, V, TK, TRows>(int k, float* a, nint stride, out V first, out V second, out V third)
        where S : struct, ISimd<V>
        where V : struct
        where TK : struct, IRowCount
        where TRows : struct, IRowCount
    {
        first = TK.Count > k ? S.Create(a[k]) : default;
        second = TK.Count > k && TRows.Count > 1 ? S.Create(a[k + stride]) : default;
        third = TK.Count > k && TRows.Count > 2 ? S.Create(a[k + (2 * stride)]) : default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<S, V, TK, TRows>(int k, float* b, V first, V second, V third, ref V c0, ref V c1, ref V c2)
        where S : struct, ISimd<V>
        where V : struct
        where TK : struct, IRowCount
        where TRows : struct, IRowCount
    {
        if (TK.Count > k)
        {
            var row = S.Load(b);
            c0 = S.MultiplyAdd(first, row, c0);
            if (TRows.Count > 1)
            {
                c1 = S.MultiplyAdd(second, row, c1);
                c2 = S.MultiplyAdd(third, row, c2);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Finish<S, V, TRows>(int row, V sum, float* addend, float* c)
        where S : struct, ISimd<V>
        where V : struct
        where TRows : struct, IRowCount
    {
        if (TRows.Count > row)
        {
            if (addend != null)
            {
                sum = S.Add(sum, S.Load(addend + (row * AddendStride)));
            }

            c += row * CStride;
            if (PastCaches)
            {
                S.StorePastCaches(c, sum);
            }
            else
            {
                S.Store(c, sum);
            }
        }
    }
}
