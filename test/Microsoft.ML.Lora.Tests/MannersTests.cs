using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Transforms;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>In pipelines, splits and prediction engines the model behaves as one of ML.NET's own.</summary>
public sealed class MannersTests
{
    private readonly MLContext _context = new(seed: 1);

    private sealed class Renamed
    {
        public string Message { get; set; } = "";
    }

    private sealed class Verdict
    {
        public string Answer { get; set; } = "";

        public float[] Shares { get; set; } = [];
    }

    [Fact]
    public void A_prediction_engine_takes_definitions_of_both_schemas()
    {
        ITransformer model = Pipeline().Fit(Toy.View(_context));
        Assert.True(model.IsRowToRowMapper);
        SchemaDefinition input = SchemaDefinition.Create(typeof(Renamed));
        input["Message"].ColumnName = "Text";
        SchemaDefinition output = SchemaDefinition.Create(typeof(Verdict));
        output["Answer"].ColumnName = "PredictedLabel";
        output["Shares"].ColumnName = "Score";
        using PredictionEngine<Renamed, Verdict> engine = _context.Model.CreatePredictionEngine<Renamed, Verdict>(
            model, inputSchemaDefinition: input, outputSchemaDefinition: output);
        Toy.Row row = Toy.Rows(1)[0];
        Verdict verdict = engine.Predict(new Renamed { Message = row.Text! });

        Assert.Equal(row.Label, verdict.Answer);
        Assert.Equal(Toy.Scores(model.Transform(Toy.View(_context, [row]))), verdict.Shares);
    }

    [Fact]
    public void A_split_trains_and_evaluates()
    {
        DataOperationsCatalog.TrainTestData parts = _context.Data.TrainTestSplit(Toy.View(_context, 90), 0.2);
        ITransformer model = Pipeline().Fit(parts.TrainSet);
        MulticlassClassificationMetrics metrics =
            _context.MulticlassClassification.Evaluate(model.Transform(parts.TestSet));

        Assert.InRange(metrics.MicroAccuracy, 0.9, 1);
        Assert.Equal(3, metrics.ConfusionMatrix.NumberOfClasses);
    }

    [Fact]
    public void An_estimator_previews()
    {
        DataDebuggerPreview preview = Pipeline(epochs: 1).Preview(Toy.View(_context), 5, 30);

        Assert.Equal(5, preview.RowView.Length);
        Assert.Contains(preview.Schema, column => column.Name == "Score");
    }

    private EstimatorChain<KeyToValueMappingTransformer> Pipeline(int epochs = 4) =>
        _context.MulticlassClassification.Trainers.Lora(Toy.Options(epochs))
            .Append(_context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
}
