using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Evaluation;

/// <summary>Evaluations give the recorded metrics.</summary>
public sealed class EvaluationTests(ITestOutputHelper output)
{
    [SkippableFact]
    public void Multiclass_GivesRecordedMetrics()
    {
        JsonElement[] cases = [.. Golden.Read("metrics/multiclass_evaluate.json").EnumerateArray()];
        foreach (JsonElement recorded in cases)
        {
            var context = new MLContext(1);
            IDataView data = context.Data.LoadFromEnumerable(
                MulticlassRows.Read(recorded), MulticlassRows.Describe(recorded));
            RecordedMetrics.AssertEqual(
                recorded.GetProperty("case").GetString()!,
                recorded.GetProperty("metrics"),
                () => context.MulticlassClassification.Evaluate(
                    data, topKPredictionCount: recorded.GetProperty("topKPredictionCount").GetInt32()));
        }

        output.WriteLine($"{cases.Length} of {cases.Length} evaluations compared");
    }

    [SkippableFact]
    public void MulticlassMistakes_GiveRecordedResults()
    {
        JsonElement basic = Golden.Read("metrics/multiclass_evaluate.json").EnumerateArray()
            .First(recorded => recorded.GetProperty("case").GetString() == "basic3_slotnames");
        JsonElement[] cases = [.. Golden.Read("metrics/multiclass_errors.json").EnumerateArray()];
        foreach (JsonElement recorded in cases)
        {
            string name = recorded.GetProperty("case").GetString()!;
            RecordedMetrics.AssertEqual(
                name, recorded.GetProperty("result"), () => MulticlassMistakes.Run(name, new MLContext(1), basic));
        }

        output.WriteLine($"{cases.Length} of {cases.Length} mistakes compared");
    }

    [SkippableFact]
    public void Binary_GivesRecordedMetrics()
    {
        JsonElement[] cases = [.. Golden.Read("metrics/binary_evaluate.json").EnumerateArray()];
        foreach (JsonElement recorded in cases)
        {
            var context = new MLContext(1);
            IDataView data = context.Data.LoadFromEnumerable(ReadBinary(recorded));
            RecordedMetrics.AssertEqual(
                recorded.GetProperty("case").GetString()!,
                recorded.GetProperty("metrics"),
                () => recorded.GetProperty("api").GetString() == "Evaluate"
                    ? context.BinaryClassification.Evaluate(data)
                    : context.BinaryClassification.EvaluateNonCalibrated(data));
        }

        output.WriteLine($"{cases.Length} of {cases.Length} evaluations compared");
    }

    [SkippableFact]
    public void Regression_GivesRecordedMetrics()
    {
        JsonElement[] cases = [.. Golden.Read("metrics/regression_evaluate.json").EnumerateArray()];
        foreach (JsonElement recorded in cases)
        {
            var context = new MLContext(1);
            float[] labels = Numbers(recorded.GetProperty("label"));
            float[] scores = Numbers(recorded.GetProperty("score"));
            IDataView data = context.Data.LoadFromEnumerable(
                labels.Zip(scores, (label, score) => new RegressionRow { Label = label, Score = score }).ToArray());
            RecordedMetrics.AssertEqual(
                recorded.GetProperty("case").GetString()!,
                recorded.GetProperty("metrics"),
                () => context.Regression.Evaluate(data));
        }

        output.WriteLine($"{cases.Length} of {cases.Length} evaluations compared");
    }

    private static BinaryRow[] ReadBinary(JsonElement recorded)
    {
        float[] scores = Numbers(recorded.GetProperty("score"));
        float[] probabilities = Numbers(recorded.GetProperty("probability"));
        return [.. scores.Select((score, i) => new BinaryRow
        {
            Label = recorded.GetProperty("label")[i].GetBoolean(),
            Score = score,
            Probability = probabilities[i],
            PredictedLabel = recorded.GetProperty("predictedLabel")[i].GetBoolean(),
        })];
    }

    private static float[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(MulticlassRows.Number)];

    private sealed class BinaryRow
    {
        public bool Label;
        public float Score;
        public float Probability;
        public bool PredictedLabel;
    }

    private sealed class RegressionRow
    {
        public float Label;
        public float Score;
    }
}
