using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>
/// <c>bench profile [--work train|score]</c>: where the time of a step goes, on one thread unless told. One JSON line an operation.
/// </summary>
internal static class ProfileBench
{
    public static int Run(string[] args)
    {
        bool score = args is ["--work", "score", ..];
        string[] rest = args is ["--work", "train" or "score", ..] ? args[2..] : args;
        if (BenchOptions.Parse("profile [--work train|score]", ["--threads", "1", .. rest]) is not { } options)
        {
            return 2;
        }

        using IDisposable kernel = options.UseKernel();
        using var synthetic = new SyntheticBase(options.Shape, options.Element);
        SessionSpec spec = TrainBench.Spec(options, synthetic);
        using var session = new ManagedSession(spec);
        if (score)
        {
            using var scorer = new ManagedScorer(spec.Base, session.Export(), spec.Adapter, spec.Head, options.Threads);
            float[] logits = new float[options.Batch * scorer.Outputs];
            Measure(options, batch => scorer.Score(batch, logits));
        }
        else
        {
            Measure(options, batch => session.TrainStep(batch, 1e-4f));
        }

        return 0;
    }

    private static void Measure(BenchOptions options, Action<PackedBatch> step)
    {
        PackedBatch[] batches = TrainBench.Batches(options, options.Steps + TrainBench.WarmUp);
        Array.ForEach(batches[..TrainBench.WarmUp], step);
        double peak = PeakLoop.BestTogether(options.Threads);
        var profile = new KernelProfile();
        KernelProfile.Current = profile;
        long start = Stopwatch.GetTimestamp();
        Array.ForEach(batches[TrainBench.WarmUp..], step);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        KernelProfile.Current = null;
        Report(profile, seconds, options, peak);
    }

    private static void Report(KernelProfile profile, double seconds, BenchOptions options, double peak)
    {
        double rest = seconds;
        foreach (KernelKind kind in Enum.GetValues<KernelKind>().OrderByDescending(kind => profile[kind].Seconds))
        {
            KernelTotal total = profile[kind];
            rest -= total.Seconds;
            Write(kind.ToString(), total, seconds, options.Steps, peak);
        }

        Write("Rest", new KernelTotal(0, rest, 0, 0), seconds, options.Steps, peak);
    }

    private static void Write(string operation, KernelTotal total, double seconds, int steps, double peak)
    {
        double time = Math.Max(total.Seconds, 1e-12);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            bench = "profile",
            operation,
            share = Math.Round(total.Seconds / seconds, 4),
            ms_step = Math.Round(1000 * total.Seconds / steps, 3),
            calls_step = total.Calls / steps,
            gflops = Math.Round(total.Flops / time / 1e9, 1),
            share_of_peak = Math.Round(total.Flops / time / 1e9 / peak, 3),
            gb_per_s = Math.Round(total.Bytes / time / 1e9, 1),
        }));
    }
}
