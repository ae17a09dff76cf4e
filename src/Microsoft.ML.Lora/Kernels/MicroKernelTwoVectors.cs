using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// The register tile of 1 to 12 rows by two vectors: 24 accumulators + 2 of the panel + 1 of A = 27 of AVX-512's and
/// NEON's 32 registers at 12 rows; 12 + 2 + 1 = 15 of AVX2's and SSE's 16 at 6 rows.
/// </summary>
/// <remarks>
/// Each element of C is one chain of fused multiply-adds in the order of k, tail last, whatever the number of rows: a
/// row's bits do not depend on its neighbours. Accumulators are named locals because the just-in-time compiler keeps
/// those in registers, and no array. Rows are reached from four pointers as base, base + stride, base + 2 · stride,
/// which are addressing modes and cost no instruction. A is read in place.
/// </remarks>
internal static unsafe class MicroKernelTwoVectors<S, V, TElement>
    where S : struct, ISimd<V>
    where V : struct
    where TElement : struct, IPanelElement
{
    /// <summary>Runs a tile of <typeparamref name="TRows"/> rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TRows>(MicroTile* tile)
        where TRows : struct, IRowCount
    {
        V initialA = default, initialB = default;
        if (tile->Bias != null)
        {
            initialA = S.Load((float*)tile->Bias);
            initialB = S.Load((float*)tile->Bias + S.Count);
        }

        V c0a = initialA, c0b = initialB;
        V c1a = initialA, c1b = initialB;
        V c2a = initialA, c2b = initialB;
        V c3a = initialA, c3b = initialB;
        V c4a = initialA, c4b = initialB;
        V c5a = initialA, c5b = initialB;
        V c6a = initialA, c6b = initialB;
        V c7a = initialA, c7b = initialB;
        V c8a = initialA, c8b = initialB;
        V c9a = initialA, c9b = initialB;
        V c10a = initialA, c10b = initialB;
        V c11a = initialA, c11b = initialB;
        var a0 = tile->A;
        var panel = tile->Panel;
        var stride = tile->AStride;
        var step = tile->AStep;
        var panelStride = tile->PanelStride;
        var k = tile->K;
        CachePrefetch.Begin(tile, TRows.Count, 2 * S.Count * sizeof(float));
        var widened = (float*)tile->Widened;
        for (var tail = false; ; tail = true)
        {
            var a3 = a0 + (3 * stride);
            var a6 = a0 + (6 * stride);
            var a9 = a0 + (9 * stride);
            while (k != 0)
            {
                // The first run takes what K is beyond whole runs.
                var run = ((k - 1) & (CachePrefetch.Run - 1)) + 1;
                k -= run;
                if (!tail)
                {
                    CachePrefetch.Continue(tile, k, TRows.Count, 2 * S.Count * sizeof(float));
                }

                do
                {
                    V p, q;
                    // Two branches alike, as one condition leaves more machine code in the loop of floats.
                    if (TElement.IsFloat)
                    {
                        p = S.Load((float*)panel);
                        q = S.Load((float*)panel + S.Count);
                    }
                    else if (tail)
                    {
                        p = S.Load((float*)panel);
                        q = S.Load((float*)panel + S.Count);
                    }
                    else
                    {
                        p = TElement.Widen<S, V>((ushort*)panel);
                        q = TElement.Widen<S, V>((ushort*)panel + S.Count);
                        if (widened != null)
                        {
                            S.Store(widened, p);
                            S.Store(widened + S.Count, q);
                            widened += 2 * S.Count;
                        }
                    }

                    panel += panelStride;
                    Multiply<TRows>(0, a0, p, q, ref c0a, ref c0b);
                    Multiply<TRows>(1, a0 + stride, p, q, ref c1a, ref c1b);
                    Multiply<TRows>(2, a0 + (2 * stride), p, q, ref c2a, ref c2b);
                    Multiply<TRows>(3, a3, p, q, ref c3a, ref c3b);
                    Multiply<TRows>(4, a3 + stride, p, q, ref c4a, ref c4b);
                    Multiply<TRows>(5, a3 + (2 * stride), p, q, ref c5a, ref c5b);
                    Multiply<TRows>(6, a6, p, q, ref c6a, ref c6b);
                    Multiply<TRows>(7, a6 + stride, p, q, ref c7a, ref c7b);
                    Multiply<TRows>(8, a6 + (2 * stride), p, q, ref c8a, ref c8b);
                    Multiply<TRows>(9, a9, p, q, ref c9a, ref c9b);
                    Multiply<TRows>(10, a9 + stride, p, q, ref c10a, ref c10b);
                    Multiply<TRows>(11, a9 + (2 * stride), p, q, ref c11a, ref c11b);
                    a0 += step;
                    a3 += step;
                    a6 += step;
                    a9 += step;
                }
                while (--run != 0);
            }

            if (tail || tile->TailK == 0)
            {
                break;
            }

            a0 = tile->Tail;
            panel = tile->TailPanel;
            panelStride = 2 * S.Count * sizeof(float);
            stride = tile->TailStride;
            step = sizeof(float);
            k = tile->TailK;
        }

        var addend = tile->Addend;
        if (addend != null)
        {
            stride = tile->AddendStride;
            addend = Add<TRows>(0, addend, stride, ref c0a, ref c0b);
            addend = Add<TRows>(1, addend, stride, ref c1a, ref c1b);
            addend = Add<TRows>(2, addend, stride, ref c2a, ref c2b);
            addend = Add<TRows>(3, addend, stride, ref c3a, ref c3b);
            addend = Add<TRows>(4, addend, stride, ref c4a, ref c4b);
            addend = Add<TRows>(5, addend, stride, ref c5a, ref c5b);
            addend = Add<TRows>(6, addend, stride, ref c6a, ref c6b);
            addend = Add<TRows>(7, addend, stride, ref c7a, ref c7b);
            addend = Add<TRows>(8, addend, stride, ref c8a, ref c8b);
            addend = Add<TRows>(9, addend, stride, ref c9a, ref c9b);
            addend = Add<TRows>(10, addend, stride, ref c10a, ref c10b);
            Add<TRows>(11, addend, stride, ref c11a, ref c11b);
        }

        var c = tile->C;
        stride = tile->CStride;
        c = Store<TRows>(0, c, stride, c0a, c0b);
        c = Store<TRows>(1, c, stride, c1a, c1b);
        c = Store<TRows>(2, c, stride, c2a, c2b);
        c = Store<TRows>(3, c, stride, c3a, c3b);
        c = Store<TRows>(4, c, stride, c4a, c4b);
        c = Store<TRows>(5, c, stride, c5a, c5b);
        c = Store<TRows>(6, c, stride, c6a, c6b);
        c = Store<TRows>(7, c, stride, c7a, c7b);
        c = Store<TRows>(8, c, stride, c8a, c8b);
        c = Store<TRows>(9, c, stride, c9a, c9b);
        c = Store<TRows>(10, c, stride, c10a, c10b);
        Store<TRows>(11, c, stride, c11a, c11b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows>(int row, byte* a, V p, V q, ref V first, ref V second)
        where TRows : struct, IRowCount
    {
        if (TRows.Count > row)
        {
            var x = S.Create(*(float*)a);
            first = S.MultiplyAdd(x, p, first);
            second = S.MultiplyAdd(x, q, second);
        }
    }

    // Gives the next row's place.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Add<TRows>(int row, byte* addend, nint stride, ref V first, ref V second)
        where TRows : struct, IRowCount
    {
        if (TRows.Count > row)
        {
            first = S.Add(first, S.Load((float*)addend));
            second = S.Add(second, S.Load((float*)addend + S.Count));
        }

        return addend + stride;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Store<TRows>(int row, byte* c, nint stride, V first, V second)
        where TRows : struct, IRowCount
    {
        if (TRows.Count > row)
        {
            S.Store((float*)c, first);
            S.Store((float*)c + S.Count, second);
        }

        return c + stride;
    }
}
