using System.Diagnostics;
using System.Text.Json.Serialization;
using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>Times steps and sums up what they did.</summary>
internal sealed class StepMeter(string bench, BenchOptions options)
{
    private readonly List<double> _seconds = [];
    private double _fastest;
    private long _tokens;
    private long _allocated;
    private double _processor;
    private double _flopsPerToken;
    private double _peak;

    /// <summary>Runs one step, not counted, with a profile that adds up its arithmetic.</summary>
    public void CountFlops(Action step, int tokens)
    {
        var profile = new KernelProfile();
        KernelProfile.Current = profile;
        step();
        KernelProfile.Current = null;
        _flopsPerToken = Enum.GetValues<KernelKind>().Sum(kind => profile[kind].Flops) / tokens;
    }

    /// <summary>Runs and times one step.</summary>
    public void Step(int tokens, Action step)
    {
        if (_seconds.Count % 4 == 0)
        {
            _peak = Math.Max(_peak, PeakLoop.BestTogether(options.Threads, 20));
        }

        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        double processor = ProcessFacts.ProcessorSeconds;
        long start = Stopwatch.GetTimestamp();
        step();
        _seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        _fastest = Math.Max(_fastest, tokens / _seconds[^1]);
        _processor += ProcessFacts.ProcessorSeconds - processor;
        _allocated += GC.GetTotalAllocatedBytes(precise: true) - allocated;
        _tokens += tokens;
    }

    public BenchResult Result()
    {
        double total = _seconds.Sum();
        double[] sorted = [.. _seconds.Order()];
        double gflops = _flopsPerToken * _tokens / total / 1e9;
        return new BenchResult
        {
            Bench = bench,
            Shape = options.Shape.Name,
            Lengths = options.LengthsName,
            Batch = options.Batch,
            Rank = options.Rank,
            Targets = options.AllTargets ? "all" : "qv",
            Pooling = options.MeanPooling ? "mean" : "head",
            Threads = options.Threads,
            Kernel = KernelSelector.Current.ToString().ToLowerInvariant(),
            TokensPerSecond = Math.Round(_tokens / total),
            BestTokensPerSecond = Math.Round(_fastest),
            MillisecondsPerStep = Math.Round(1000 * sorted[sorted.Length / 2], 2),
            ProcessorMillisecondsPerStep = Math.Round(1000 * _processor / _seconds.Count, 2),
            GigaFlops = Math.Round(gflops, 1),
            PeakGigaFlops = Math.Round(_peak, 1),
            ShareOfPeak = Math.Round(gflops / _peak, 3),
            PeakResidentMegabytes = ProcessFacts.PeakResidentMegabytes,
            AllocatedBytesPerStep = _allocated / _seconds.Count,
        };
    }
}

/// <summary>One measurement, as its JSON line says it.</summary>
internal sealed record BenchResult
{
    [JsonPropertyName("bench")]
    public required string Bench { get; init; }

    [JsonPropertyName("shape")]
    public required string Shape { get; init; }

    /// <summary>Tokens of each example, or the file they come from.</summary>
    [JsonPropertyName("seq")]
    public required string Lengths { get; init; }

    [JsonPropertyName("batch")]
    public required int Batch { get; init; }

    [JsonPropertyName("rank")]
    public required int Rank { get; init; }

    [JsonPropertyName("targets")]
    public required string Targets { get; init; }

    [JsonPropertyName("pooling")]
    public required string Pooling { get; init; }

    [JsonPropertyName("threads")]
    public required int Threads { get; init; }

    [JsonPropertyName("kernel")]
    public required string Kernel { get; init; }

    /// <summary>Real tokens, all steps together.</summary>
    [JsonPropertyName("tokens_per_s")]
    public required double TokensPerSecond { get; init; }

    /// <summary>Of the fastest step: what an idle machine would come near.</summary>
    [JsonPropertyName("best_tokens_per_s")]
    public required double BestTokensPerSecond { get; init; }

    /// <summary>Median.</summary>
    [JsonPropertyName("ms_step")]
    public required double MillisecondsPerStep { get; init; }

    /// <summary>Of all threads; a busy machine lengthens steps, this hardly.</summary>
    [JsonPropertyName("cpu_ms_step")]
    public required double ProcessorMillisecondsPerStep { get; init; }

    [JsonPropertyName("gflops")]
    public required double GigaFlops { get; init; }

    [JsonPropertyName("peak_gflops")]
    public required double PeakGigaFlops { get; init; }

    [JsonPropertyName("share_of_peak")]
    public required double ShareOfPeak { get; init; }

    [JsonPropertyName("peak_rss_mb")]
    public required int PeakResidentMegabytes { get; init; }

    [JsonPropertyName("allocated_bytes_per_step")]
    public required long AllocatedBytesPerStep { get; init; }
}
