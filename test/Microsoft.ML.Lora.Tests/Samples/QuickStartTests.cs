using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Samples;

/// <summary>The QuickStart on files of the user's own: what it prints, and one clear line for whatever is wrong.</summary>
public sealed class QuickStartTests : IDisposable
{
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "QuickStart.dll");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, "There is no file", "--data", "absent.tsv")]
    [InlineData(1, "'body' but 'Label', 'Text'", "--data", "good.tsv", "--text", "body")]
    [InlineData(1, "--label NAME", "--data", "good.tsv", "--label", "kind")]
    [InlineData(1, "both name the column 'Text'", "--data", "good.tsv", "--label", "text")]
    [InlineData(1, "'same'", "--data", "one-class.tsv")]
    [InlineData(1, "is empty", "--data", "empty.tsv")]
    [InlineData(1, "no rows", "--data", "header.tsv")]
    [InlineData(1, "There is no file", "--data", "good.tsv", "--test", "absent.tsv")]
    [InlineData(1, "no-such-base", "--data", "good.tsv", "--base", "no-such-base")]
    [InlineData(1, "no-such-folder", "--output", "no-such-folder/m.zip")]
    [InlineData(1, "config.json", "--data", "good.tsv", "--test", "good.tsv", "--base", ".")]
    [InlineData(1, "no class with 5 rows", "--data", "good.tsv")]
    [InlineData(2, "--epochs", "--epochs", "none")]
    [InlineData(2, "--rank", "--rank", "0")]
    [InlineData(2, "needs a value", "--data")]
    [InlineData(2, "needs a value", "--data", "--epochs", "1")]
    [InlineData(2, "'--dat' is no option", "--dat", "good.tsv")]
    [InlineData(2, "'good.tsv' is no option", "good.tsv")]
    public void WhatIsWrongIsSaidInOneLine(int exitCode, string message, params string[] arguments)
    {
        Write("good.tsv", "Label\tText", "a\tone", "b\ttwo", "a\tthree", "b\tfour");
        Write("one-class.tsv", "Label\tText", "same\tone", "same\ttwo");
        Write("empty.tsv");
        Write("header.tsv", "Label\tText");

        Dotnet run = Dotnet.Run(_folder.Path, [_program, .. arguments]);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(message, Assert.Single(run.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public void HelpListsTheOptions()
    {
        Dotnet run = Dotnet.Run(_folder.Path, _program, "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.All(
            ["--data", "--test", "--text", "--label", "--base", "--output", "--epochs", "--rank", "--seed"],
            option => Assert.Contains(option, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void ACsvFileIsTrainedOnAndTheModelIsWhereItSays()
    {
        Write("mine.csv", ["id,kind,\"the, body\"", .. Enumerable.Range(0, 40).Select(i => i % 2 == 0
            ? $"{i},cold,\"snow, ice and \"\"frost\"\", day {i}\""
            : $"{i},hot,a desert in the midday sun {i}")]);

        Dotnet run = Dotnet.Run(
            _folder.Path, _program, "--data", "mine.csv", "--text", "The, Body", "--label", "kind", "--output", "m.zip", "--epochs", "1");

        Assert.Empty(run.Error);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("accuracy", run.Output, StringComparison.Ordinal);
        Assert.Contains("snow, ice and \"frost\"", run.Output, StringComparison.Ordinal);
        Assert.Contains(_folder.PathOf("m.zip"), run.Output, StringComparison.Ordinal);
        Assert.True(new FileInfo(_folder.PathOf("m.zip")).Length > 0);
    }

    private void Write(string name, params string[] lines) => File.WriteAllLines(_folder.PathOf(name), lines);
}
