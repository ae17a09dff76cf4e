using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>What the machine's multipliers can do: twelve independent chains of fused multiply-adds, no memory.</summary>
internal static unsafe class PeakLoop
{
    private const int Chains = 12;

    // About a tenth of a millisecond: short enough to fall between the interruptions of a shared machine.
    private const int Rounds = 10_000;

    /// <summary>GFLOP/s of one burst on the calling thread, on the instruction set in use.</summary>
    public static double Burst()
    {
        var kernel = new Kernel();
        KernelSelector.Run(ref kernel);
        return kernel.GigaFlops;
    }

    /// <summary>The best of some bursts.</summary>
    public static double Best(int bursts = 200)
    {
        double best = 0;
        for (int i = 0; i < bursts; i++)
        {
            best = Math.Max(best, Burst());
        }

        return best;
    }

    /// <summary>What several threads reach together: the sum of their bests while all of them run.</summary>
    public static double BestTogether(int threads, int bursts = 400)
    {
        double[] bests = new double[threads];
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(i => new Thread(() => bests[i] = Best(bursts)))];
        Array.ForEach(workers, worker => worker.Start());
        Array.ForEach(workers, worker => worker.Join());
        return bests.Sum();
    }

    private struct Kernel : ISimdKernel
    {
        public double GigaFlops;
        private float _sink;

        void ISimdKernel.Run<S, V>()
        {
            long start = Stopwatch.GetTimestamp();
            _sink += Multiply<S, V>();
            GigaFlops = 2.0 * Rounds * Chains * S.Count / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
        }

        // Calls nothing: a vector that lives across a call is kept in memory, and the loop would measure stores.
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static float Multiply<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            V x = S.Create(1), y = S.Create(0.5f);
            V a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int round = 0; round < Rounds; round++)
            {
                a = S.MultiplyAdd(a, y, x);
                b = S.MultiplyAdd(b, y, x);
                c = S.MultiplyAdd(c, y, x);
                d = S.MultiplyAdd(d, y, x);
                e = S.MultiplyAdd(e, y, x);
                f = S.MultiplyAdd(f, y, x);
                g = S.MultiplyAdd(g, y, x);
                h = S.MultiplyAdd(h, y, x);
                i = S.MultiplyAdd(i, y, x);
                j = S.MultiplyAdd(j, y, x);
                k = S.MultiplyAdd(k, y, x);
                l = S.MultiplyAdd(l, y, x);
            }

            V sum = S.Add(S.Add(S.Add(a, b), S.Add(c, d)), S.Add(S.Add(e, f), S.Add(g, h)));
            return S.Sum(S.Add(sum, S.Add(S.Add(i, j), S.Add(k, l))));
        }
    }
}
