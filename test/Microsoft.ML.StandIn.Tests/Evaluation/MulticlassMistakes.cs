using System.Text.Json;
using Microsoft.ML.Data;

namespace Microsoft.ML.StandIn.Tests.Evaluation;

/// <summary>The recorded mistakes in evaluating several classes.</summary>
internal static class MulticlassMistakes
{
    /// <summary>Makes a mistake on the rows of a recorded case.</summary>
    public static MulticlassClassificationMetrics Run(string name, MLContext context, JsonElement basic)
    {
        MulticlassRow[] rows = MulticlassRows.Read(basic);
        SchemaDefinition Basic() => MulticlassRows.Describe(basic);
        IDataView data = context.Data.LoadFromEnumerable(rows, Basic());
        MulticlassClassificationCatalog catalog = context.MulticlassClassification;
        return name switch
        {
            "no_label_column" => catalog.Evaluate(data, labelColumnName: "Nope"),
            "no_score_column" => catalog.Evaluate(data, scoreColumnName: "Nope"),
            "no_predicted_column" => catalog.Evaluate(data, predictedLabelColumnName: "Nope"),
            "null_data" => catalog.Evaluate(null),
            "empty_label_name" => catalog.Evaluate(data, labelColumnName: ""),
            "null_predicted_name" => catalog.Evaluate(data, predictedLabelColumnName: null),
            "topk_negative" => catalog.Evaluate(data, topKPredictionCount: -1),
            "text_label" => catalog.Evaluate(Load(context, new TextRow())),
            "score_scalar" => catalog.Evaluate(Load(context, new { Label = 1f, Score = 1f, PredictedLabel = 1f })),
            "score_variable_vector" => catalog.Evaluate(
                Load(context, new { Label = 1f, Score = new[] { 1f, 0, 0 }, PredictedLabel = 1f })),
            "score_double" => catalog.Evaluate(
                context.Data.LoadFromEnumerable([new DoubleRow()])),
            "float_label" => catalog.Evaluate(context.Data.LoadFromEnumerable(FloatRows())),
            "after_map_key_to_value" => catalog.Evaluate(
                context.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(data).Transform(data)),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such mistake"),
        };
    }

    private static IDataView Load<T>(MLContext context, T row)
        where T : class =>
        context.Data.LoadFromEnumerable([row]);

    private static FloatRow[] FloatRows() =>
    [
        new() { Label = 0, Score = [1, 0, 0] },
        new() { Label = 2, Score = [0.2f, 0.2f, 0.6f] },
    ];

    private sealed class TextRow
    {
        public string Label = "a";
        [VectorType(2)] public float[] Score = [1, 0];
        public string PredictedLabel = "a";
    }

    private sealed class DoubleRow
    {
        public float Label = 0;
        [VectorType(3)] public double[] Score = [1, 0, 0];
        public float PredictedLabel = 0;
    }

    private sealed class FloatRow
    {
        public float Label;
        [VectorType(3)] public float[] Score = [];
        public float PredictedLabel = 0;
    }
}
