using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Samples;

/// <summary>The README's figures of speed are those of the committed results, to the digit.</summary>
public sealed class MeasuredSpeedTests
{
    private static readonly (string Work, string Name)[] _works =
    [
        ("train-128", "train, texts of 128 tokens"),
        ("train-sst2", "train, the lengths of SST-2"),
        ("train-trec", "train, the lengths of TREC"),
        ("score-128-first", "score, 128 tokens, the head reads the first"),
        ("score-128-mean", "score, 128 tokens, mean pooling"),
        ("transform-sst2", "`Transform`, the lengths of SST-2, tokenizing included"),
        ("predict-sst2", "`PredictionEngine`, row by row, tokenizing included"),
    ];

    [Fact]
    public void The_readme_repeats_the_committed_results()
    {
        JsonElement[] lines = [.. File.ReadLines(Results("compare.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

        Assert.Contains(Table(lines), Readme(), StringComparison.Ordinal);
    }

    [Fact]
    public void So_it_does_for_the_tokenizer()
    {
        Match line = Regex.Match(File.ReadAllText(Results("tokenize.txt")), @"1 thread\(s\): ([\d.]+) MB/s .*?, ([\d.]+) M tokens/s");

        Assert.Contains($"{line.Groups[1]} MB of SST-2's text a second into tokens, {line.Groups[2]} million", Readme(), StringComparison.Ordinal);
    }

    private static string Results(string file) =>
        Path.Combine(Repository.Root, "test", "Microsoft.ML.Lora.Benchmarks", "results", file);

    private static string Readme() =>
        File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");

    private static string Table(JsonElement[] lines)
    {
        JsonElement machine = lines.Single(line => Text(line, "bench") == "machine");
        IEnumerable<string> rows = _works.Select(work =>
            (work.Name, Line: lines.Single(line => Text(line, "bench") == "compare" && Text(line, "work") == work.Work)))
            .Select(row => $"| {row.Name} | {Thousands(row.Line, "tokens_per_s")} | {Text(row.Line, "peer")} " +
                $"| {Thousands(row.Line, "peer_tokens_per_s")} | {Number(row.Line, "ratio")}× ({Number(row.Line, "ratio_least")}–" +
                $"{Number(row.Line, "ratio_most")}) | {Number(row.Line, "memory_ratio")}× |");
        return $"{Text(machine, "processor")}, {Number(machine, "cores")} cores, {Text(machine, "runtime")}, float32:\n\n" +
            "| work | tokens/s | peer | its tokens/s | ratio | peak memory |\n| --- | --- | --- | --- | --- | --- |\n" +
            string.Join('\n', rows) + "\n";
    }

    private static string Text(JsonElement line, string name) => line.GetProperty(name).GetString()!;

    private static string Number(JsonElement line, string name) =>
        line.GetProperty(name).GetDouble().ToString("0.##", CultureInfo.InvariantCulture);

    private static string Thousands(JsonElement line, string name) =>
        line.GetProperty(name).GetDouble().ToString("N0", CultureInfo.InvariantCulture);
}
