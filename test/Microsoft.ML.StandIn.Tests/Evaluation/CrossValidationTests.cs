using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Evaluation;

/// <summary>Cross-validation fits, scores and measures each fold.</summary>
public sealed class CrossValidationTests(ITestOutputHelper output)
{
    private const int Folds = 3;

    [Fact]
    public void Multiclass_MeasuresEachFoldAsEvaluateDoes()
    {
        var context = new MLContext(1);
        IDataView data = Load(context);
        var estimator = context.Transforms.CopyColumns("Score", "Raw");
        var folds = context.Data.CrossValidationSplit(data, Folds);
        var results = context.MulticlassClassification.CrossValidate(data, estimator, Folds, "Key");
        Assert.Equal(Folds, results.Count);
        for (int i = 0; i < Folds; i++)
        {
            IDataView scored = estimator.Fit(folds[i].TrainSet).Transform(folds[i].TestSet);
            var expected = context.MulticlassClassification.Evaluate(scored, "Key");
            Assert.Equal(i, results[i].Fold);
            Assert.Equal(expected.LogLoss, results[i].Metrics.LogLoss);
            Assert.Equal(expected.ConfusionMatrix.GetFormattedConfusionTable(),
                results[i].Metrics.ConfusionMatrix.GetFormattedConfusionTable());
            Assert.Equal(Ids(scored), Ids(results[i].ScoredHoldOutSet));
            Assert.Equal(Visible(scored), Visible(results[i].ScoredHoldOutSet));
            Assert.NotNull(results[i].Model);
        }

        Assert.Equal(Ids(data).Order(), results.SelectMany(result => Ids(result.ScoredHoldOutSet)).Order());
    }

    [Fact]
    public void BinaryAndRegression_MeasureTheirFolds()
    {
        var context = new MLContext(1);
        IDataView data = Load(context);
        var copy = context.Transforms.CopyColumns("Score", "Number");
        foreach (var fold in context.Regression.CrossValidate(data, copy, Folds))
        {
            Assert.Equal(context.Regression.Evaluate(fold.ScoredHoldOutSet).RSquared, fold.Metrics.RSquared);
        }

        foreach (var fold in context.BinaryClassification.CrossValidateNonCalibrated(data, copy, Folds, "Flag"))
        {
            Assert.Equal(
                context.BinaryClassification.EvaluateNonCalibrated(fold.ScoredHoldOutSet, "Flag").AreaUnderRocCurve,
                fold.Metrics.AreaUnderRocCurve);
        }

        foreach (var fold in context.BinaryClassification.CrossValidate(data, copy, Folds, "Flag"))
        {
            Assert.Equal(
                context.BinaryClassification.Evaluate(fold.ScoredHoldOutSet, "Flag").LogLoss, fold.Metrics.LogLoss);
        }
    }

    [SkippableFact]
    public void RecordedScoreColumns_AreOfTrainersThatTheStandInLacks()
    {
        JsonElement[] recorded = [.. Golden.Read("behaviour/score_columns.json").EnumerateArray()];
        output.WriteLine($"{recorded.Length} pipelines out of scope: "
            + string.Join("; ", recorded.Select(pipeline => pipeline.GetProperty("pipeline").GetString())));
        Assert.Equal(12, recorded.Length);
    }

    private static IDataView Load(MLContext context)
    {
        var random = new Random(5);
        IDataView rows = context.Data.LoadFromEnumerable(Enumerable.Range(0, 90).Select(i => new Scored
        {
            Class = $"class {i % 3}",
            Flag = random.Next(2) == 1,
            Label = random.NextSingle(),
            Number = random.NextSingle(),
            Probability = random.NextSingle(),
            PredictedLabel = random.Next(2) == 1,
            Raw = [random.NextSingle(), random.NextSingle(), random.NextSingle()],
        }).ToArray());
        return context.Transforms.Conversion.MapValueToKey("Key", "Class").Fit(rows).Transform(rows);
    }

    private static List<ulong> Ids(IDataView view)
    {
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        var getter = cursor.GetGetter<float>(view.Schema["Number"]);
        var ids = new List<ulong>();
        while (cursor.MoveNext())
        {
            float number = 0;
            getter(ref number);
            ids.Add(BitConverter.SingleToUInt32Bits(number));
        }

        return ids;
    }

    private static IEnumerable<string> Visible(IDataView view) =>
        view.Schema.Where(column => !column.IsHidden).Select(column => $"{column.Name}: {column.Type}");

    private sealed class Scored
    {
        public string Class { get; set; } = "";

        public bool Flag { get; set; }

        public float Label { get; set; }

        public float Number { get; set; }

        public float Probability { get; set; }

        public bool PredictedLabel { get; set; }

        [VectorType(3)]
        public float[] Raw { get; set; } = [];
    }
}
