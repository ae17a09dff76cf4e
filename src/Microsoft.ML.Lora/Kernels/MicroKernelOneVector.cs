using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// The register tile of 1 to 12 rows by one vector, for the thin panels: 12 accumulators + 1 of the panel + 1 of A = 14
/// registers, enough chains to hide the latency of a fused multiply-add.
/// </summary>
/// <remarks>
/// Each element of C is one chain of fused multiply-adds in the order of k, tail last, whatever the number of rows: a
/// row's bits do not depend on its neighbours. Accumulators are named locals because the just-in-time compiler keeps
/// those in registers, and no array. Rows are reached from four pointers as base, base + stride, base + 2 · stride,
/// which are addressing modes and cost no instruction. A is read in place.
/// </remarks>
internal static unsafe class MicroKernelOneVector<S, V, TElement>
    where S : struct, ISimd<V>
    where V : struct
    where TElement : struct, IPanelElement
{
    /// <summary>Runs a tile of <typeparamref name="TRows"/> rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TRows>(MicroTile* tile)
        where TRows : struct, IRowCount
    {
        var initial = tile->Bias == null ? default : S.Load((float*)tile->Bias);
        V c0 = initial;
        V c1 = initial;
        V c2 = initial;
        V c3 = initial;
        V c4 = initial;
        V c5 = initial;
        V c6 = initial;
        V c7 = initial;
        V c8 = initial;
        V c9 = initial;
        V c10 = initial;
        V c11 = initial;
        var a0 = tile->A;
        var panel = tile->Panel;
        var stride = tile->AStride;
        var step = tile->AStep;
        var panelStride = tile->PanelStride;
        var k = tile->K;
        CachePrefetch.Begin(tile, TRows.Count, S.Count * sizeof(float));
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
                    CachePrefetch.Continue(tile, k, TRows.Count, S.Count * sizeof(float));
                }

                do
                {
                    V p;
                    // Two branches alike, as one condition leaves more machine code in the loop of floats.
                    if (TElement.IsFloat)
                    {
                        p = S.Load((float*)panel);
                    }
                    else if (tail)
                    {
                        p = S.Load((float*)panel);
                    }
                    else
                    {
                        p = TElement.Widen<S, V>((ushort*)panel);
                        if (widened != null)
                        {
                            S.Store(widened, p);
                            widened += S.Count;
                        }
                    }

                    panel += panelStride;
                    Multiply<TRows>(0, a0, p, ref c0);
                    Multiply<TRows>(1, a0 + stride, p, ref c1);
                    Multiply<TRows>(2, a0 + (2 * stride), p, ref c2);
                    Multiply<TRows>(3, a3, p, ref c3);
                    Multiply<TRows>(4, a3 + stride, p, ref c4);
                    Multiply<TRows>(5, a3 + (2 * stride), p, ref c5);
                    Multiply<TRows>(6, a6, p, ref c6);
                    Multiply<TRows>(7, a6 + stride, p, ref c7);
                    Multiply<TRows>(8, a6 + (2 * stride), p, ref c8);
                    Multiply<TRows>(9, a9, p, ref c9);
                    Multiply<TRows>(10, a9 + stride, p, ref c10);
                    Multiply<TRows>(11, a9 + (2 * stride), p, ref c11);
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
            panelStride = S.Count * sizeof(float);
            stride = tile->TailStride;
            step = sizeof(float);
            k = tile->TailK;
        }

        var addend = tile->Addend;
        if (addend != null)
        {
            stride = tile->AddendStride;
            addend = Add<TRows>(0, addend, stride, ref c0);
            addend = Add<TRows>(1, addend, stride, ref c1);
            addend = Add<TRows>(2, addend, stride, ref c2);
            addend = Add<TRows>(3, addend, stride, ref c3);
            addend = Add<TRows>(4, addend, stride, ref c4);
            addend = Add<TRows>(5, addend, stride, ref c5);
            addend = Add<TRows>(6, addend, stride, ref c6);
            addend = Add<TRows>(7, addend, stride, ref c7);
            addend = Add<TRows>(8, addend, stride, ref c8);
            addend = Add<TRows>(9, addend, stride, ref c9);
            addend = Add<TRows>(10, addend, stride, ref c10);
            Add<TRows>(11, addend, stride, ref c11);
        }

        var c = tile->C;
        stride = tile->CStride;
        c = Store<TRows>(0, c, stride, c0);
        c = Store<TRows>(1, c, stride, c1);
        c = Store<TRows>(2, c, stride, c2);
        c = Store<TRows>(3, c, stride, c3);
        c = Store<TRows>(4, c, stride, c4);
        c = Store<TRows>(5, c, stride, c5);
        c = Store<TRows>(6, c, stride, c6);
        c = Store<TRows>(7, c, stride, c7);
        c = Store<TRows>(8, c, stride, c8);
        c = Store<TRows>(9, c, stride, c9);
        c = Store<TRows>(10, c, stride, c10);
        Store<TRows>(11, c, stride, c11);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TRows>(int row, byte* a, V p, ref V sum)
        where TRows : struct, IRowCount
    {
        if (TRows.Count > row)
        {
            sum = S.MultiplyAdd(S.Create(*(float*)a), p, sum);
        }
    }

    // Gives the next row's place.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Add<TRows>(int row, byte* addend, nint stride, ref V sum)
        where TRows : struct, IRowCount
    {
        if (TRows.Count > row)
        {
            sum = S.Add(sum, S.Load((float*)addend));
        }

        return addend + stride;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Store<TRows>(int row, byte* c, nint stride, V sum)
        where TRows : struct, IRowCount
    {
        if (TRows.Count > row)
        {
            S.Store((float*)c, sum);
        }

        return c + stride;
    }
}
