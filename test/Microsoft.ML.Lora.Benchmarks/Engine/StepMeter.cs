using System.Diagnostics;
using System.Text.Json.Serialization;
using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>Times steps and sums up what they did.</summary>
/// <remarks>
/// What disturbs a step (peak loops on every processor, the exact count of allocated bytes, which halts all threads) is done now and
/// then, not between every two short steps: a team that is asked for row after row does not fall asleep in between.
/// </remarks>
internal sealed class StepMeter(string bench, BenchOptions options)
{
    private const double SecondsBetweenProbes = 0.5;
    private const double SecondsToWarmUp = 2;

    private readonly List<double> _seconds = [];
    private double _fastest;
    private long _tokens;
    private long _allocated;
    private int _probes;
    private long _probed;
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

    /// <summary>Runs steps, not counted, until the code they call has been compiled as well as it will be.</summary>
    public static void WarmUp(Action step)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalSeconds < SecondsToWarmUp;)
        {
            step();
        }
    }

    /// <summary>Runs and times one step.</summary>
    public void Step(int tokens, Action step)
    {
        bool probes = _seconds.Count == 0 || Stopwatch.GetElapsedTime(_probed).TotalSeconds > SecondsBetweenProbes;
        if (probes)
        {
            _peak = Math.Max(_peak, PeakLoop.BestTogether(options.Threads, 20));
            _probed = Stopwatch.GetTimestamp();
            _probes++;
        }

        long allocated = probes ? GC.GetTotalAllocatedBytes(precise: true) : 0;
        double processor = ProcessFacts.ProcessorSeconds;
        long start = Stopwatch.GetTimestamp();
        step();
        _seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        _fastest = Math.Max(_fastest, tokens / _seconds[^1]);
        _processor += ProcessFacts.ProcessorSeconds - processor;
        _allocated += probes ? GC.GetTotalAllocatedBytes(precise: true) - allocated : 0;
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
            Element = options.Element.ToString().ToLowerInvariant(),
            Kernel = KernelSelector.Current.ToString().ToLowerInvariant(),
            TokensPerSecond = Math.Round(_tokens / total),
            BestTokensPerSecond = Math.Round(_fastest),
            MillisecondsPerStep = Math.Round(1000 * sorted[sorted.Length / 2], 2),
            ProcessorMillisecondsPerStep = Math.Round(1000 * _processor / _seconds.Count, 2),
            GigaFlops = Math.Round(gflops, 1),
            PeakGigaFlops = Math.Round(_peak, 1),
            ShareOfPeak = Math.Round(gflops / _peak, 3),
            PeakResidentMegabytes = ProcessFacts.PeakResidentMegabytes,
            AllocatedBytesPerStep = _allocated / _probes,
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

    /// <summary>What the base is stored in.</summary>
    [JsonPropertyName("element")]
    public required string Element { get; init; }

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
