using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Lora.Benchmarks.Baselines;

namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

/// <summary>
/// What each way to learn costs and gives: ranks, variants, full fine-tuning, the head alone and words alone over data sets and
/// seeds. Every training has a process of its own, so that memory is its own too; prints a table for each set.
/// </summary>
internal static class StudyBench
{
    private const string Usage =
        "usage: bench study --data FOLDER --sets A,B --seeds 1,2 [--ways rank-8,full,...] [options of bench accuracy for all]\n" +
        "       FOLDER/A holds train.tsv and test.tsv; without --ways all are measured: ";

    private const string Words = "words";

    private static readonly (string Name, string Meaning, string[] Arguments)[] _ways =
    [
        (Words, "words alone: TF-IDF, logistic regression", []),
        ("head", "head alone on the frozen base", ["--fine-tuning", "head-only"]),
        .. new[] { 1, 2, 4, 8, 16, 32, 64 }.Select(rank =>
            ($"rank-{rank}", $"LoRA, rank {rank}", (string[])["--rank", rank.ToString(CultureInfo.InvariantCulture)])),
        ("auto", "LoRA, rank chosen", ["--rank", "auto"]),
        ("qv", "LoRA, rank 8, queries and values alone", ["--targets", "qv"]),
        ("dora", "DoRA, rank 8", ["--formulation", "dora"]),
        ("rslora", "rsLoRA, rank 8", ["--scaling", "rank-stabilized"]),
        ("pissa", "PiSSA, rank 8", ["--initialization", "pissa"]),
        ("olora", "OLoRA, rank 8", ["--initialization", "olora"]),
        ("lora-plus", "LoRA+, ratio 4, rank 8", ["--lora-plus", "4"]),
        ("full", "full fine-tuning", ["--fine-tuning", "full"]),
    ];

    /// <summary>Runs the study.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        if (args.Length == 0 || args.Length % 2 != 0)
        {
            return Fail("Options come in pairs of a name and a value.");
        }
        Dictionary<string, string> given = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
        try
        {
            string folder = Take(given, "--data") ?? throw new ArgumentException("--data is needed.");
            string[] sets = Take(given, "--sets")?.Split(',') ?? throw new ArgumentException("--sets is needed.");
            string[] seeds = Take(given, "--seeds")?.Split(',') ?? ["1"];
            string[] ways = Take(given, "--ways")?.Split(',') ?? [.. _ways.Select(way => way.Name)];
            if (ways.Except(_ways.Select(way => way.Name)).ToArray() is { Length: > 0 } unknown)
            {
                throw new ArgumentException($"Not known: {string.Join(", ", unknown)}.");
            }
            string[] others = [.. given.SelectMany(pair => new[] { pair.Key, pair.Value })];
            foreach (string set in sets)
            {
                Study(Path.Combine(folder, set), set, seeds, ways, others);
            }
            return 0;
        }
        catch (ArgumentException error)
        {
            return Fail(error.Message);
        }
    }

    private static void Study(string folder, string set, string[] seeds, string[] ways, string[] others)
    {
        Console.WriteLine($"\n### {set}, seeds {string.Join(", ", seeds)}\n");
        Console.WriteLine("| way | trained parameters | accuracy | macro-F1 | log-loss | training, core s | memory MB | zip MB |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach ((string name, string meaning, string[] arguments) in _ways.Where(way => ways.Contains(way.Name)))
        {
            string[] files = ["--train", Path.Combine(folder, "train.tsv"), "--test", Path.Combine(folder, "test.tsv")];
            if (name == Words)
            {
                BagOfWordsResult words = BagOfWordsBench.Measure(LabelledRows.Read(files[1]), LabelledRows.Read(files[3]), c: 10);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {meaning} | {words.Features * words.Classes} | {words.Accuracy:F4} | {words.MacroF1:F4} " +
                    $"| – | {words.TrainSeconds:F0} | – | – |"));
                continue;
            }
            AccuracyResult[] results = [.. seeds.Select(seed => Measure([.. files, "--seed", seed, .. arguments, .. others]))];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {meaning} | {results.Average(r => r.TrainableParameters):F0} | {results.Average(r => r.Accuracy):F4} " +
                $"| {results.Average(r => r.MacroF1):F4} | {results.Average(r => r.LogLoss):F3} | {results.Average(r => r.TrainCpuS):F0} " +
                $"| {results.Max(r => r.PeakRssMb)} | {results.Average(r => r.ZipMb):F1} |"));
        }
    }

    private static AccuracyResult Measure(string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(StudyBench).Assembly.Location);
        }
        foreach (string argument in (string[])["accuracy", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<AccuracyResult>(output, AccuracyResult.Json)!
            : throw new ArgumentException($"bench accuracy {string.Join(' ', arguments)} failed.");
    }

    private static int Fail(string problem)
    {
        Console.Error.WriteLine($"{problem}\n{Usage}{string.Join(", ", _ways.Select(way => way.Name))}");
        return 2;
    }

    private static string? Take(Dictionary<string, string> given, string name) =>
        given.Remove(name, out string? value) ? value : null;
}
