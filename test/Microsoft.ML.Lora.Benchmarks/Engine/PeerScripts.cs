using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>Runs the measuring scripts of PyTorch and ONNX Runtime, which print one JSON line each.</summary>
internal sealed class PeerScripts(string folder, string nodeFolder, string python)
{
    public PeerResult? Torch(string mode, BenchOptions options)
    {
        var start = new ProcessStartInfo(python);
        // Without these its allocator gives memory back after each step and its time goes into page faults.
        start.Environment["MALLOC_MMAP_THRESHOLD_"] = "4000000000";
        start.Environment["MALLOC_TRIM_THRESHOLD_"] = "8000000000";
        start.Environment["MALLOC_TOP_PAD_"] = "100000000";
        start.Environment["OPENBLAS_CORETYPE"] = "SkylakeX";
        Add(start, Path.Combine(folder, "peer_torch.py"), options.Shape.Name, mode);
        Add(start, "--targets", options.AllTargets ? "all" : "qv", "--rank", Text(options.Rank));
        AddCommon(start, options);
        return Start(start, "torch");
    }

    public PeerResult? Onnx(BenchOptions options)
    {
        var start = new ProcessStartInfo("node") { WorkingDirectory = nodeFolder };
        Add(start, Path.Combine(folder, "peer_onnx.js"));
        AddCommon(start, options);
        return Start(start, "onnxruntime");
    }

    /// <summary>Runs a program and reads the last line it prints; null when it cannot run.</summary>
    public static PeerResult? Start(ProcessStartInfo start, string name)
    {
        start.RedirectStandardOutput = true;
        try
        {
            using Process? process = Process.Start(start);
            string output = process?.StandardOutput.ReadToEnd() ?? string.Empty;
            process?.WaitForExit();
            string? line = output.Split('\n').LastOrDefault(text => text.StartsWith('{'));
            Console.Error.WriteLine(line);
            return line is null || process!.ExitCode != 0 ? null : PeerResult.Parse(name, line);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static void AddCommon(ProcessStartInfo start, BenchOptions options)
    {
        Add(start, "--batch", Text(options.Batch), "--steps", Text(options.Steps), "--threads", Text(options.Threads));
        if (options.LengthsFile is null)
        {
            Add(start, "--seq", Text(options.Sequence));
        }
        else
        {
            Add(start, "--lengths", Path.GetFullPath(options.LengthsFile));
        }
    }

    private static void Add(ProcessStartInfo start, params string[] arguments) =>
        Array.ForEach(arguments, start.ArgumentList.Add);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What is compared.</summary>
internal sealed record PeerResult(string Name, double TokensPerSecond, double PeakResidentMegabytes, double? ShareOfPeak)
{
    public static PeerResult Parse(string name, string line)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        string version = json.RootElement.TryGetProperty("torch", out JsonElement torch) ? torch.GetString()!
            : json.RootElement.TryGetProperty("onnxruntime", out JsonElement onnx) ? onnx.GetString()!
            : string.Empty;
        return new PeerResult(
            $"{name} {version}".Trim(),
            json.RootElement.GetProperty("tokens_per_s").GetDouble(),
            json.RootElement.GetProperty("peak_rss_mb").GetDouble(),
            json.RootElement.TryGetProperty("share_of_peak", out JsonElement share) ? share.GetDouble() : null);
    }

    public static PeerResult Median(List<PeerResult> results) =>
        results.OrderBy(result => result.TokensPerSecond).ElementAt(results.Count / 2);
}
