using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Microsoft.ML.Lora.Kernels.RowCounts;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Rows of X by a group of columns of B for <see cref="ThinProduct"/>, three rows at a time.</summary>
/// <remarks>
/// A tile of three rows by eight columns is 24 sums, three vectors of X and one of B: 28 of 32 registers, and 11 loads for 24
/// multiply-adds. Three by four are all 16 where there are 16.
/// </remarks>
internal unsafe struct ThinTiles<S, V>
    where S : struct, ISimd<V>
    where V : struct
{
    public float* X;
    public nint XStride;
    public int Rows;

    /// <summary>Of K, whole vectors.</summary>
    public int Count;

    /// <summary>First column; each lies <see cref="BStride"/> floats after the one before.</summary>
    public float* B;
    public nint BStride;

    /// <summary>As wide as the group.</summary>
    public float* H;
    public nint HStride;

    /// <summary>H holds the sum so far.</summary>
    public bool Accumulates;

    /// <summary>What the sum is multiplied by in the end.</summary>
    public float Scale;

    /// <summary>Computes H; the rows are used up.</summary>
    public void Run<TColumns>()
        where TColumns : struct, IRowCount
    {
        RunRows<Rows3, TColumns>();
        if (Rows > 0)
        {
            RunRows<Rows2, TColumns>();
            RunRows<Rows1, TColumns>();
        }
    }

    // As many groups of rows as there are. Sums are named locals because the just-in-time compiler keeps those in registers, and
    // no array.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunRows<TRows, TColumns>()
        where TRows : struct, IRowCount
        where TColumns : struct, IRowCount
    {
        for (; Rows >= TRows.Count; Rows -= TRows.Count)
        {
            V s00 = default, s01 = default, s02 = default, s03 = default, s04 = default, s05 = default, s06 = default, s07 = default;
            V s10 = default, s11 = default, s12 = default, s13 = default, s14 = default, s15 = default, s16 = default, s17 = default;
            V s20 = default, s21 = default, s22 = default, s23 = default, s24 = default, s25 = default, s26 = default, s27 = default;
            var stride = XStride;
            var step = BStride;
            var x = X;
            var b0 = B;
            var b3 = B + (3 * step);
            var b6 = B + (6 * step);
            for (var left = Count; left > 0; left -= S.Count)
            {
                if (S.Count == CachePrefetch.LineFloats || (left & (CachePrefetch.LineFloats - 1)) == 0)
                {
                    Fetch<TRows>(x + (TRows.Count * stride), stride);
                }

                var x0 = S.Load(x);
                var x1 = TRows.Count > 1 ? S.Load(x + stride) : default;
                var x2 = TRows.Count > 2 ? S.Load(x + (2 * stride)) : default;
                Multiply<TRows, TColumns>(0, b0, x0, x1, x2, ref s00, ref s10, ref s20);
                Multiply<TRows, TColumns>(1, b0 + step, x0, x1, x2, ref s01, ref s11, ref s21);
                Multiply<TRows, TColumns>(2, b0 + (2 * step), x0, x1, x2, ref s02, ref s12, ref s22);
                Multiply<TRows, TColumns>(3, b3, x0, x1, x2, ref s03, ref s13, ref s23);
                Multiply<TRows, TColumns>(4, b3 + step, x0, x1, x2, ref s04, ref s14, ref s24);
                Multiply<TRows, TColumns>(5, b3 + (2 * step), x0, x1, x2, ref s05, ref s15, ref s25);
                Multiply<TRows, TColumns>(6, b6, x0, x1, x2, ref s06, ref s16, ref s26);
                Multiply<TRows, TColumns>(7, b6 + step, x0, x1, x2, ref s07, ref s17, ref s27);
                x += S.Count;
                b0 += S.Count;
                b3 += S.Count;
                b6 += S.Count;
            }

            Finish<TRows, TColumns>(0, s00, s01, s02, s03, s04, s05, s06, s07);
            Finish<TRows, TColumns>(1, s10, s11, s12, s13, s14, s15, s16, s17);
            Finish<TRows, TColumns>(2, s20, s21, s22, s23, s24, s25, s26, s27);
            X += TRows.Count * stride;
            H += TRows.Count * HStride;
        }
    }

    // The rows that follow, to the second-level cache.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch<TRows>(float* x, nint stride)
        where TRows : struct, IRowCount
    {
        CachePrefetch.Line(x);
        if (TRows.Count > 1)
        {
            CachePrefetch.Line(x + stride);
        }

        if (TRows.Count > 2)
        {
            CachePrefetch.Line(x + (2 * stride));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows, TColumns>(int column, float* b, V x0, V x1, V x2, ref V s0, ref V s1, ref V s2)
        where TRows : struct, IRowCount
        where TColumns : struct, IRowCount
    {
        if (TColumns.Count > column)
        {
            var lanes = S.Load(b);
            s0 = S.MultiplyAdd(x0, lanes, s0);
            s1 = TRows.Count > 1 ? S.MultiplyAdd(x1, lanes, s1) : s1;
            s2 = TRows.Count > 2 ? S.MultiplyAdd(x2, lanes, s2) : s2;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Finish<TRows, TColumns>(int row, V s0, V s1, V s2, V s3, V s4, V s5, V s6, V s7)
        where TRows : struct, IRowCount
        where TColumns : struct, IRowCount
    {
        if (TRows.Count <= row)
        {
            return;
        }

        var h = H + (row * HStride);
        if (TColumns.Count > 4)
        {
            var sums = S.Sums(s0, s1, s2, s3, s4, s5, s6, s7);
            Vector256.Store((Accumulates ? Vector256.Load(h) + sums : sums) * Scale, h);
        }
        else
        {
            var sums = S.Sums(s0, s1, s2, s3);
            Vector128.Store((Accumulates ? Vector128.Load(h) + sums : sums) * Scale, h);
        }
    }
}
