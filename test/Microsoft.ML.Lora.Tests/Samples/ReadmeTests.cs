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

    // What a section takes for given, made where the section itself does not; each may need those before it.
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
            string code = block;
            foreach ((string name, string declaration) in _given.Reverse())
            {
                if (Regex.IsMatch(code, $@"\b{name}\b") && !block.Contains($" {name} = ", StringComparison.Ordinal))
                {
                    code = declaration + "\n" + code;
                }
            }

            Notebook.Compile([Before, code], _assembly);
        }
    }

    [GeneratedRegex(@"```csharp\r?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();
}
