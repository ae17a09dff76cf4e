using System.Text.Json;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Behaviour;

/// <summary>Common mistakes get the recorded exceptions, and what is no mistake the recorded results.</summary>
public sealed class MistakeTests(ITestOutputHelper output)
{
    // Concatenate, NormalizeText, CustomMapping and trainers are not among what the stand-in has.
    private static readonly string[] _outOfScope =
    [
        "Concatenate of mixed types: Fit", "Concatenate missing source: Fit", "NormalizeText on a number column: Fit",
        "Model.Save: CustomMapping without contract name", "trainer Fit without Features column",
        "trainer Fit with text Label", "trainer Fit with text Features", "trainer Fit on an empty view",
        "trainer Fit with one class", "trainer null label name",    ];

    [SkippableFact]
    public void Mistakes_GiveRecordedResults()
    {
        var all = Golden.Read("behaviour/errors.json").EnumerateArray().ToArray();
        var cases = new MistakeCases();
        var compared = 0;
        foreach (var recorded in all)
        {
            var name = recorded.GetProperty("case").GetString()!;
            if (_outOfScope.Contains(name))
            {
                continue;
            }

            var result = recorded.GetProperty("result");
            var run = cases.Find(name);
            if (result.GetProperty("ok").GetBoolean())
            {
                Assert.Equal($"{name}: {ValueText.Print(result.GetProperty("result"))}",
                    $"{name}: {ValueText.Print(JsonSerializer.SerializeToElement(run()))}");
            }
            else
            {
                ExceptionText.AssertThrows(name, result.GetProperty("exception"), () => run(),
                    ("<cwd>", Directory.GetCurrentDirectory()));
            }

            compared++;
        }

        output.WriteLine($"{compared} of {all.Length} cases compared; out of scope: {string.Join("; ", _outOfScope)}");
        Assert.Equal(all.Length - _outOfScope.Length, compared);
    }
}
