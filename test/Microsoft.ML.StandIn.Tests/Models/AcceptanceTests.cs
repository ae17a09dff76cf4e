using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Models;

/// <summary>Altered model files are accepted and refused as the library does, with the same exceptions.</summary>
public sealed class AcceptanceTests(ITestOutputHelper output)
{
    [SkippableFact]
    public void AlteredModels_AreAcceptedAndRefusedAsRecorded()
    {
        var cases = Golden.Read("zips/acceptance.json").EnumerateArray().ToArray();
        foreach (var recorded in cases)
        {
            var path = Golden.Require("zips/" + recorded.GetProperty("zip").GetString());
            var load = recorded.GetProperty("load");
            var context = new MLContext();
            if (!load.GetProperty("ok").GetBoolean())
            {
                ExceptionText.AssertThrows(Path.GetFileName(path), load.GetProperty("exception"),
                    () => context.Model.Load(path, out _));
                continue;
            }

            var model = context.Model.Load(path, out var schema);
            Assert.Equal(load.GetProperty("result").GetProperty("schemaIsNull").GetBoolean(), schema is null);
            var engine = context.Model.CreatePredictionEngine<Example, Prediction>(model);
            foreach (var row in load.GetProperty("result").GetProperty("rows").EnumerateArray())
            {
                var prediction = engine.Predict(new Example { Label = row[0].GetString(), Text = row[1].GetString() });
                Assert.Equal(row[2].GetUInt32(), prediction.LabelKey);
                Assert.Equal(row[3].GetString(), prediction.PredictedLabel);
            }
        }

        output.WriteLine($"{cases.Length} altered models compared");
    }

    private sealed class Example
    {
        public string? Label { get; set; }

        public string? Text { get; set; }
    }

    private sealed class Prediction
    {
        public uint LabelKey { get; set; }

        public string? PredictedLabel { get; set; }
    }
}
