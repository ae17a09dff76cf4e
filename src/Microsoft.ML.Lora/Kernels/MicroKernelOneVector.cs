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

                for (; run != 0; run--)
                {
                    V p;
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
                    V x;
                    x = S.Create(*(float*)a0);
                    c0 = S.MultiplyAdd(x, p, c0);
                    if (TRows.Count > 1)
                    {
                        x = S.Create(*(float*)(a0 + stride));
                        c1 = S.MultiplyAdd(x, p, c1);
                    }

                    if (TRows.Count > 2)
                    {
                        x = S.Create(*(float*)(a0 + (2 * stride)));
                        c2 = S.MultiplyAdd(x, p, c2);
                    }

                    if (TRows.Count > 3)
                    {
                        x = S.Create(*(float*)a3);
                        c3 = S.MultiplyAdd(x, p, c3);
                    }

                    if (TRows.Count > 4)
                    {
                        x = S.Create(*(float*)(a3 + stride));
                        c4 = S.MultiplyAdd(x, p, c4);
                    }

                    if (TRows.Count > 5)
                    {
                        x = S.Create(*(float*)(a3 + (2 * stride)));
                        c5 = S.MultiplyAdd(x, p, c5);
                    }

                    if (TRows.Count > 6)
                    {
                        x = S.Create(*(float*)a6);
                        c6 = S.MultiplyAdd(x, p, c6);
                    }

                    if (TRows.Count > 7)
                    {
                        x = S.Create(*(float*)(a6 + stride));
                        c7 = S.MultiplyAdd(x, p, c7);
                    }

                    if (TRows.Count > 8)
                    {
                        x = S.Create(*(float*)(a6 + (2 * stride)));
                        c8 = S.MultiplyAdd(x, p, c8);
                    }

                    if (TRows.Count > 9)
                    {
                        x = S.Create(*(float*)a9);
                        c9 = S.MultiplyAdd(x, p, c9);
                    }

                    if (TRows.Count > 10)
                    {
                        x = S.Create(*(float*)(a9 + stride));
                        c10 = S.MultiplyAdd(x, p, c10);
                    }

                    if (TRows.Count > 11)
                    {
                        x = S.Create(*(float*)(a9 + (2 * stride)));
                        c11 = S.MultiplyAdd(x, p, c11);
                    }

                    a0 += step;
                    a3 += step;
                    a6 += step;
                    a9 += step;
                }
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

        var c = tile->C;
        stride = tile->CStride;
        var addend = tile->Addend;
        var addendStride = tile->AddendStride;
        Write(c + (0 * stride), addend, 0 * addendStride, c0);

        if (TRows.Count > 1)
        {
            Write(c + (1 * stride), addend, 1 * addendStride, c1);
        }

        if (TRows.Count > 2)
        {
            Write(c + (2 * stride), addend, 2 * addendStride, c2);
        }

        if (TRows.Count > 3)
        {
            Write(c + (3 * stride), addend, 3 * addendStride, c3);
        }

        if (TRows.Count > 4)
        {
            Write(c + (4 * stride), addend, 4 * addendStride, c4);
        }

        if (TRows.Count > 5)
        {
            Write(c + (5 * stride), addend, 5 * addendStride, c5);
        }

        if (TRows.Count > 6)
        {
            Write(c + (6 * stride), addend, 6 * addendStride, c6);
        }

        if (TRows.Count > 7)
        {
            Write(c + (7 * stride), addend, 7 * addendStride, c7);
        }

        if (TRows.Count > 8)
        {
            Write(c + (8 * stride), addend, 8 * addendStride, c8);
        }

        if (TRows.Count > 9)
        {
            Write(c + (9 * stride), addend, 9 * addendStride, c9);
        }

        if (TRows.Count > 10)
        {
            Write(c + (10 * stride), addend, 10 * addendStride, c10);
        }

        if (TRows.Count > 11)
        {
            Write(c + (11 * stride), addend, 11 * addendStride, c11);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(byte* c, byte* addend, nint offset, V sum) =>
        S.Store((float*)c, addend == null ? sum : S.Add(sum, S.Load((float*)(addend + offset))));
}
