using System.Text.RegularExpressions;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Samples;

/// <summary>The notebooks' cells compile and run, on a tenth of the messages and for one epoch.</summary>
public sealed partial class NotebookTests : IDisposable
{
    private const int RowsKept = 120;
    private readonly TemporaryFolder _folder = new();
    private readonly string _assembly = Path.Combine(AppContext.BaseDirectory, $"Notebook{Guid.NewGuid():N}.dll");

    public void Dispose()
    {
        File.Delete(_assembly);
        _folder.Dispose();
    }

    [Fact]
    public void TheFirstClassifierRuns()
    {
        string output = Run("01-first-classifier.ipynb");
        Assert.Contains("parameters trained", output, StringComparison.Ordinal);
        Assert.Contains("epoch 1: loss", output, StringComparison.Ordinal);
        Assert.Contains("Confusion table", output, StringComparison.Ordinal);
        Assert.Contains("Could you use my new surname from now on?", output, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.PathOf("notebooks/messages.zip")));
    }

    [Fact]
    public void SentencePairsRun()
    {
        string output = Run("02-sentence-pairs.ipynb");
        Assert.Contains("Confusion table", output, StringComparison.Ordinal);
        Assert.Contains("My new kettle drips", output, StringComparison.Ordinal);
        Assert.Equal(10, Regex.Count(output, @"^ *\d+\.\d %  \w", RegexOptions.Multiline));
    }

    [Fact]
    public void ComparingRanksRuns()
    {
        string output = Run("03-compare-ranks.ipynb");
        Assert.Matches("(?m)^   1 .*\n   4 .*\n  16 ", output.ReplaceLineEndings("\n"));
        Assert.True(File.Exists(_folder.PathOf("notebooks/rank16.zip")));
        Assert.Contains("extra FLOPs", output, StringComparison.Ordinal);
        Assert.Contains("all 36 layers", output, StringComparison.Ordinal);
        Assert.Matches("cut to 8: accuracy", output);
    }

    [Fact]
    public void PeftInAndOutRuns()
    {
        string output = Run("04-peft-in-and-out.ipynb");
        Assert.Contains("  classification_head.safetensors", output, StringComparison.Ordinal);
        Assert.Contains("  classify.py", output, StringComparison.Ordinal);
        Assert.Equal(
            Regex.Match(output, @"^trained: (.+)$", RegexOptions.Multiline).Groups[1].Value,
            Regex.Match(output, @"^read: (.+)$", RegexOptions.Multiline).Groups[1].Value);
        Assert.Contains("trained further: accuracy", output, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.PathOf("notebooks/python-adapter/adapter_config.json")));
        Assert.True(File.Exists(_folder.PathOf("notebooks/whole-model/model.safetensors")));
        Assert.True(File.Exists(_folder.PathOf("notebooks/adapter.zip")));
    }

    [Fact]
    public void TuningAndResumingRun()
    {
        string output = Run("05-tuning-and-resuming.ipynb");
        Assert.Contains("suggestion: ", output, StringComparison.Ordinal);
        Assert.Equal(6, Regex.Count(output, "^trial [1-6]: LearningRate ", RegexOptions.Multiline));
        Assert.Matches("best: trial [1-6], ", output);
        Assert.Contains("stopped; kept: checkpoint-000001.safetensors", output, StringComparison.Ordinal);
        Assert.Contains("the same bits: True", output, StringComparison.Ordinal);
        Assert.Matches(@"(\d+) classes before, \d+ now", output);
        Assert.Contains("likeliest: ", output, StringComparison.Ordinal);
    }

    private string Run(string name)
    {
        string[] cells = Notebook.CodeCells(Path.Combine(Repository.Root, "samples", "notebooks", name));
        Assert.Single(cells, EpochsLine().IsMatch);
        Notebook.Compile(cells.Select(cell => EpochsLine().Replace(cell, "int epochs = 1;")), _assembly);

        Directory.CreateDirectory(_folder.PathOf("data"));
        string notebooks = Directory.CreateDirectory(_folder.PathOf("notebooks")).FullName;
        foreach (string file in new[] { "messages.train.tsv", "messages.test.tsv" })
        {
            string source = Path.Combine(Repository.Root, "samples", "data", file);
            File.WriteAllLines(_folder.PathOf($"data/{file}"), File.ReadLines(source).Take(RowsKept + 1));
        }

        string tests = Path.Combine(AppContext.BaseDirectory, "Microsoft.ML.Lora.Tests");
        Dotnet run = Dotnet.Run(
            notebooks, "--runtimeconfig", $"{tests}.runtimeconfig.json", "--depsfile", $"{tests}.deps.json", _assembly);
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output;
    }

    [GeneratedRegex(@"^int epochs = \d+;", RegexOptions.Multiline)]
    private static partial Regex EpochsLine();
}
