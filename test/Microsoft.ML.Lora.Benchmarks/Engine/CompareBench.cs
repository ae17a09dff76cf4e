using System.Diagnostics;
using System.Text.Json;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>
/// <c>bench compare --peers DIR [--node DIR] [--python P] [--rounds N] [engine options]</c>: the peers' scripts and this
/// engine in turn, each in a process of its own, and the ratios of their medians. A peer that is not installed is left out.
/// </summary>
internal static class CompareBench
{
    public static int Run(string[] args)
    {
        Dictionary<string, string> own = new(StringComparer.Ordinal)
        {
            ["--peers"] = string.Empty,
            ["--node"] = Environment.CurrentDirectory,
            ["--python"] = "python3",
            ["--rounds"] = "3",
        };
        List<string> rest = [];
        for (int i = 0; i + 1 < args.Length; i += 2)
        {
            if (own.ContainsKey(args[i]))
            {
                own[args[i]] = args[i + 1];
            }
            else
            {
                rest.AddRange([args[i], args[i + 1]]);
            }
        }

        if (BenchOptions.Parse("compare", [.. rest]) is not { } options || !File.Exists(Path.Combine(own["--peers"], "peer_torch.py")))
        {
            Console.Error.WriteLine("--peers names the folder of peer_torch.py and peer_onnx.js.");
            return 2;
        }

        var peers = new PeerScripts(own["--peers"], own["--node"], own["--python"]);
        int rounds = int.Parse(own["--rounds"]);
        Compare("train", rounds, () => Own("train", rest), () => peers.Torch("train", options));
        if (options.Shape == ModelShape.MiniLM)
        {
            Compare("score", rounds, () => Own("score", rest), () => peers.Onnx(options));
        }

        return 0;
    }

    private static void Compare(string work, int rounds, Func<PeerResult?> own, Func<PeerResult?> peer)
    {
        List<PeerResult> ours = [], theirs = [];
        for (int round = 0; round < rounds; round++)
        {
            if (peer() is not { } other)
            {
                Console.Error.WriteLine($"{work}: the peer is not installed or failed.");
                return;
            }

            theirs.Add(other);
            ours.Add(own() ?? throw new InvalidOperationException($"bench {work} failed."));
        }

        PeerResult us = PeerResult.Median(ours), them = PeerResult.Median(theirs);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            bench = "compare",
            work,
            rounds,
            peer = them.Name,
            tokens_per_s = us.TokensPerSecond,
            peer_tokens_per_s = them.TokensPerSecond,
            ratio = Math.Round(us.TokensPerSecond / them.TokensPerSecond, 2),
            peak_rss_mb = us.PeakResidentMegabytes,
            peer_peak_rss_mb = them.PeakResidentMegabytes,
            memory_ratio = Math.Round(us.PeakResidentMegabytes / them.PeakResidentMegabytes, 3),
        }));
    }

    // A process of its own, as the peers have: its peak memory is this work's alone.
    private static PeerResult? Own(string verb, List<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(CompareBench).Assembly.Location);
        }

        start.ArgumentList.Add(verb);
        arguments.ForEach(start.ArgumentList.Add);
        return PeerScripts.Start(start, "this engine");
    }
}
