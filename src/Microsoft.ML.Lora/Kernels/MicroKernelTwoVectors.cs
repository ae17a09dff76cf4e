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

                for (; run != 0; run--)
                {
                    V p, q;
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
                    V x;
                    x = S.Create(*(float*)a0);
                    c0a = S.MultiplyAdd(x, p, c0a);
                    c0b = S.MultiplyAdd(x, q, c0b);
                    if (TRows.Count > 1)
                    {
                        x = S.Create(*(float*)(a0 + stride));
                        c1a = S.MultiplyAdd(x, p, c1a);
                        c1b = S.MultiplyAdd(x, q, c1b);
                    }

                    if (TRows.Count > 2)
                    {
                        x = S.Create(*(float*)(a0 + (2 * stride)));
                        c2a = S.MultiplyAdd(x, p, c2a);
                        c2b = S.MultiplyAdd(x, q, c2b);
                    }

                    if (TRows.Count > 3)
                    {
                        x = S.Create(*(float*)a3);
                        c3a = S.MultiplyAdd(x, p, c3a);
                        c3b = S.MultiplyAdd(x, q, c3b);
                    }

                    if (TRows.Count > 4)
                    {
                        x = S.Create(*(float*)(a3 + stride));
                        c4a = S.MultiplyAdd(x, p, c4a);
                        c4b = S.MultiplyAdd(x, q, c4b);
                    }

                    if (TRows.Count > 5)
                    {
                        x = S.Create(*(float*)(a3 + (2 * stride)));
                        c5a = S.MultiplyAdd(x, p, c5a);
                        c5b = S.MultiplyAdd(x, q, c5b);
                    }

                    if (TRows.Count > 6)
                    {
                        x = S.Create(*(float*)a6);
                        c6a = S.MultiplyAdd(x, p, c6a);
                        c6b = S.MultiplyAdd(x, q, c6b);
                    }

                    if (TRows.Count > 7)
                    {
                        x = S.Create(*(float*)(a6 + stride));
                        c7a = S.MultiplyAdd(x, p, c7a);
                        c7b = S.MultiplyAdd(x, q, c7b);
                    }

                    if (TRows.Count > 8)
                    {
                        x = S.Create(*(float*)(a6 + (2 * stride)));
                        c8a = S.MultiplyAdd(x, p, c8a);
                        c8b = S.MultiplyAdd(x, q, c8b);
                    }

                    if (TRows.Count > 9)
                    {
                        x = S.Create(*(float*)a9);
                        c9a = S.MultiplyAdd(x, p, c9a);
                        c9b = S.MultiplyAdd(x, q, c9b);
                    }

                    if (TRows.Count > 10)
                    {
                        x = S.Create(*(float*)(a9 + stride));
                        c10a = S.MultiplyAdd(x, p, c10a);
                        c10b = S.MultiplyAdd(x, q, c10b);
                    }

                    if (TRows.Count > 11)
                    {
                        x = S.Create(*(float*)(a9 + (2 * stride)));
                        c11a = S.MultiplyAdd(x, p, c11a);
                        c11b = S.MultiplyAdd(x, q, c11b);
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
            panelStride = 2 * S.Count * sizeof(float);
            stride = tile->TailStride;
            step = sizeof(float);
            k = tile->TailK;
        }

        var c = tile->C;
        stride = tile->CStride;
        var addend = tile->Addend;
        var addendStride = tile->AddendStride;
        Write(c + (0 * stride), addend, 0 * addendStride, c0a, c0b);

        if (TRows.Count > 1)
        {
            Write(c + (1 * stride), addend, 1 * addendStride, c1a, c1b);
        }

        if (TRows.Count > 2)
        {
            Write(c + (2 * stride), addend, 2 * addendStride, c2a, c2b);
        }

        if (TRows.Count > 3)
        {
            Write(c + (3 * stride), addend, 3 * addendStride, c3a, c3b);
        }

        if (TRows.Count > 4)
        {
            Write(c + (4 * stride), addend, 4 * addendStride, c4a, c4b);
        }

        if (TRows.Count > 5)
        {
            Write(c + (5 * stride), addend, 5 * addendStride, c5a, c5b);
        }

        if (TRows.Count > 6)
        {
            Write(c + (6 * stride), addend, 6 * addendStride, c6a, c6b);
        }

        if (TRows.Count > 7)
        {
            Write(c + (7 * stride), addend, 7 * addendStride, c7a, c7b);
        }

        if (TRows.Count > 8)
        {
            Write(c + (8 * stride), addend, 8 * addendStride, c8a, c8b);
        }

        if (TRows.Count > 9)
        {
            Write(c + (9 * stride), addend, 9 * addendStride, c9a, c9b);
        }

        if (TRows.Count > 10)
        {
            Write(c + (10 * stride), addend, 10 * addendStride, c10a, c10b);
        }

        if (TRows.Count > 11)
        {
            Write(c + (11 * stride), addend, 11 * addendStride, c11a, c11b);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(byte* c, byte* addend, nint offset, V first, V second)
    {
        if (addend != null)
        {
            first = S.Add(first, S.Load((float*)(addend + offset)));
            second = S.Add(second, S.Load((float*)(addend + offset) + S.Count));
        }

        S.Store((float*)c, first);
        S.Store((float*)c + S.Count, second);
    }
}
