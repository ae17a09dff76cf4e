using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>
/// <c>bench compare --peers DIR [--node DIR] [--python P] [--rounds N] [--only NAME] [--threads T]</c>: PyTorch's and ONNX
/// Runtime's scripts and this engine in turn, each in a process of its own, at MiniLM's shape, rank 8 on all linears; one JSON line
/// a kind of work with the median of the rounds' ratios. A peer that is not installed is left out.
/// </summary>
internal static class CompareBench
{
    private const string Mean = "mean";
    private static readonly Work[] _works =
    [
        new("train-128", "train", "128", 3, "torch"),
        new("train-sst2", "train", "sst2_sentence.txt", 6, "torch"),
        new("train-trec", "train", "trec6.txt", 10, "torch"),
        new("score-128-first", "score", "128", 6, "onnx"),
        new("score-128-mean", "score", "128", 6, "onnx", Pooling: Mean),
        new("transform-sst2", "transform", "sst2_sentence.txt", 40, "onnx", Pooling: Mean),
        new("predict-sst2", "predict", "sst2_sentence.txt", 500, "onnx", Batch: 1, Pooling: Mean),
    ];

    public static int Run(string[] args)
    {
        Dictionary<string, string> given = new(StringComparer.Ordinal)
        {
            ["--peers"] = string.Empty,
            ["--node"] = Environment.CurrentDirectory,
            ["--python"] = "python3",
            ["--rounds"] = "3",
            ["--only"] = string.Empty,
            ["--threads"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
        };
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !given.ContainsKey(args[i]))
            {
                Console.Error.WriteLine($"'{args[i]}' is no option here or lacks its value: {string.Join(", ", given.Keys)}.");
                return 2;
            }

            given[args[i]] = args[i + 1];
        }

        string folder = given["--peers"];
        if (!File.Exists(Path.Combine(folder, "peer_torch.py")) || !int.TryParse(given["--rounds"], out int rounds) || rounds < 1)
        {
            Console.Error.WriteLine("--peers names the folder of peer_torch.py, peer_onnx.js and lengths; --rounds is 1 or more.");
            return 2;
        }

        var peers = new PeerScripts(folder, given["--node"], given["--python"]);
        WriteMachine();
        foreach (Work work in _works.Where(work => work.Name.Contains(given["--only"], StringComparison.Ordinal)))
        {
            Compare(work, work.Options(folder, given["--threads"]), peers, rounds);
        }

        if ("threads".Contains(given["--only"], StringComparison.Ordinal))
        {
            CompareThreads(rounds);
        }

        return 0;
    }

    // What more threads bring, against what they bring to loops that do nothing but multiply.
    private static void CompareThreads(int rounds)
    {
        string[] train = ["train", "--seq", "128", "--steps", "3", "--threads"];
        int threads = Environment.ProcessorCount;
        List<PeerResult> one = [], all = [];
        for (int round = 0; round < rounds; round++)
        {
            one.Add(Own([.. train, "1"])!);
            all.Add(Own([.. train, $"{threads}"])!);
        }

        double gain = PeerResult.Median(all).TokensPerSecond / PeerResult.Median(one).TokensPerSecond;
        double peak = PeakLoop.BestTogether(threads) / PeakLoop.Best();
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            bench = "threads",
            work = "train-128",
            threads,
            gain = Math.Round(gain, 2),
            peak_gain = Math.Round(peak, 2),
            share = Math.Round(gain / peak, 3),
        }));
    }

    private static void WriteMachine() => Console.WriteLine(JsonSerializer.Serialize(new
    {
        bench = "machine",
        processor = ProcessFacts.Processor,
        cores = Environment.ProcessorCount,
        runtime = ProcessFacts.Runtime,
        kernel = Kernels.KernelSelector.Current.ToString().ToLowerInvariant(),
        peak_gflops_one_thread = Math.Round(PeakLoop.Best(), 1),
        peak_gflops_all_threads = Math.Round(PeakLoop.BestTogether(Environment.ProcessorCount), 1),
    }));

    private static void Compare(Work work, string[] arguments, PeerScripts peers, int rounds)
    {
        BenchOptions options = BenchOptions.Parse(work.Verb, arguments)!;
        List<PeerResult> ours = [], theirs = [];
        for (int round = 0; round < rounds; round++)
        {
            if ((work.Peer == "torch" ? peers.Torch("train", options) : peers.Onnx(options)) is not { } other)
            {
                Console.Error.WriteLine($"{work.Name}: {work.Peer} is not installed or failed.");
                return;
            }

            theirs.Add(other);
            ours.Add(Own([work.Verb, .. arguments]) ?? throw new InvalidOperationException($"bench {work.Verb} failed."));
        }

        double[] ratios = [.. ours.Zip(theirs, (us, them) => us.TokensPerSecond / them.TokensPerSecond).Order()];
        PeerResult mine = PeerResult.Median(ours), peer = PeerResult.Median(theirs);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            bench = "compare",
            work = work.Name,
            rounds,
            threads = options.Threads,
            peer = peer.Name,
            tokens_per_s = mine.TokensPerSecond,
            peer_tokens_per_s = peer.TokensPerSecond,
            ratio = Math.Round(ratios[ratios.Length / 2], 2),
            ratio_least = Math.Round(ratios[0], 2),
            ratio_most = Math.Round(ratios[^1], 2),
            share_of_peak = mine.ShareOfPeak,
            peak_rss_mb = mine.PeakResidentMegabytes,
            peer_peak_rss_mb = peer.PeakResidentMegabytes,
            memory_ratio = Math.Round(mine.PeakResidentMegabytes / peer.PeakResidentMegabytes, 3),
        }));
    }

    // A process of its own, as the peers have: its peak memory is this work's alone.
    private static PeerResult? Own(string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(CompareBench).Assembly.Location);
        }

        Array.ForEach(arguments, start.ArgumentList.Add);
        return PeerScripts.Start(start, "this engine");
    }

    /// <summary>One line of the comparison.</summary>
    private sealed record Work(
        string Name, string Verb, string Lengths, int Steps, string Peer, int Batch = 32, string Pooling = "head")
    {
        public string[] Options(string folder, string threads) =>
        [
            .. Lengths == "128" ? (string[])["--seq", Lengths] : ["--lengths", Path.Combine(folder, "lengths", Lengths)],
            "--steps", $"{Steps}", "--batch", $"{Batch}", "--pooling", Pooling, "--threads", threads,
            // As the embedded base is stored; computing is in float32.
            "--element", "float16",
        ];
    }
}
