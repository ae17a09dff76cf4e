using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Conventions;

/// <summary>Files stay short enough to read at a stretch.</summary>
public class FileSizeTests
{
    private const int LargestMedian = 110;
    private const int LargestNinthDecile = 300;
    private const int LargestSource = 450;
    private const int LargestTest = 600;

    [Fact]
    public void Source_files_are_short()
    {
        (string File, int Lines)[] files = Lines(Repository.Product);
        int[] sorted = [.. files.Select(f => f.Lines).Order()];

        Assert.True(sorted[sorted.Length / 2] <= LargestMedian, $"median {sorted[sorted.Length / 2]} lines");
        int ninth = sorted[(int)(0.9 * (sorted.Length - 1))];
        Assert.True(ninth <= LargestNinthDecile, $"nine of ten files have up to {ninth} lines");
        Assert.DoesNotContain(files, f => f.Lines > LargestSource);
    }

    [Fact]
    public void Test_files_are_short() =>
        Assert.DoesNotContain(Lines(Path.Combine(Repository.Root, "test")), f => f.Lines > LargestTest);

    private static (string File, int Lines)[] Lines(string folder) =>
    [
        .. Repository.Sources(folder).Select(file => (file, File.ReadLines(Path.Combine(folder, file)).Count())),
    ];
}
