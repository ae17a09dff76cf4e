using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary><c>bench profile</c>: where the time of a training step goes, on one thread. One JSON line an operation.</summary>
internal static class ProfileBench
{
    public static int Run(string[] args)
    {
        if (BenchOptions.Parse("profile", ["--threads", "1", .. args]) is not { } options)
        {
            return 2;
        }

        using IDisposable kernel = options.UseKernel();
        using var synthetic = new SyntheticBase(options.Shape);
        using var session = new ManagedSession(TrainBench.Spec(options, synthetic));
        PackedBatch[] batches = TrainBench.Batches(options, options.Steps + TrainBench.WarmUp);
        foreach (PackedBatch batch in batches.Take(TrainBench.WarmUp))
        {
            session.TrainStep(batch, 1e-4f);
        }

        double peak = PeakLoop.Best();
        var profile = new KernelProfile();
        KernelProfile.Current = profile;
        long start = Stopwatch.GetTimestamp();
        foreach (PackedBatch batch in batches.Skip(TrainBench.WarmUp))
        {
            session.TrainStep(batch, 1e-4f);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        KernelProfile.Current = null;
        Report(profile, seconds, options, peak);
        return 0;
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
