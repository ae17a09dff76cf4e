using System.Text.RegularExpressions;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Samples;

/// <summary>The README's C# compiles against the library as it is.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    private const string Before = """
        using System.Linq;
        using Microsoft.ML;
        using Microsoft.ML.Data;
        using Microsoft.ML.Lora;

        public class Message { public string Label { get; set; } = ""; public string Text { get; set; } = ""; }

        public class Prediction { public string PredictedLabel { get; set; } = ""; }

        """;

    // What a section takes for given, made where the section itself does not.
    private static readonly (string Name, string Declaration)[] _given =
    [
        ("mlContext", "var mlContext = new MLContext();"),
        ("train", "IDataView train = mlContext.Data.LoadFromEnumerable(new Message[0]);"),
        ("transformer", "LoraTransformer transformer = mlContext.MulticlassClassification.Trainers.Lora().Fit(train);"),
    ];

    private readonly string _assembly = Path.Combine(AppContext.BaseDirectory, $"Readme{Guid.NewGuid():N}.dll");

    public void Dispose() => File.Delete(_assembly);

    [Fact]
    public void EveryBlockCompiles()
    {
        string[] blocks = [.. CSharpBlock().Matches(File.ReadAllText(Path.Combine(Repository.Root, "README.md")))
            .Select(match => match.Groups[1].Value)];
        Assert.True(blocks.Length >= 2, "The README shows its use.");
        foreach (string block in blocks)
        {
            IEnumerable<string> given = _given
                .Where(item => Regex.IsMatch(block, $@"\b{item.Name}\b")
                    && !block.Contains($" {item.Name} = ", StringComparison.Ordinal))
                .Select(item => item.Declaration);
            Notebook.Compile([Before, string.Join('\n', given), block], _assembly);
        }
    }

    [GeneratedRegex(@"```csharp\r?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();
}
