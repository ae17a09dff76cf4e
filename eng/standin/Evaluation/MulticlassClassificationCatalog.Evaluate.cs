using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed partial class MulticlassClassificationCatalog
{
    /// <summary>Measures predictions against labels.</summary>
    /// <param name="data">The scored rows.</param>
    /// <param name="labelColumnName">The true class: a key, or a number from 0.</param>
    /// <param name="scoreColumnName">The probabilities of the classes.</param>
    /// <param name="predictedLabelColumnName">The predicted class; must exist, the scores decide.</param>
    /// <param name="topKPredictionCount">The largest k of the top-k accuracies; 0 for none.</param>
    public MulticlassClassificationMetrics Evaluate(
        IDataView data,
        string labelColumnName = DefaultColumnNames.Label,
        string scoreColumnName = DefaultColumnNames.Score,
        string predictedLabelColumnName = DefaultColumnNames.PredictedLabel,
        int topKPredictionCount = 0)
    {
        Environment.CheckValue(data, nameof(data));
        Environment.CheckNonEmpty(labelColumnName, nameof(labelColumnName));
        Environment.CheckNonEmpty(scoreColumnName, nameof(scoreColumnName));
        Environment.CheckNonEmpty(predictedLabelColumnName, nameof(predictedLabelColumnName));
        Environment.CheckUserArg(topKPredictionCount >= 0, nameof(topKPredictionCount), "Must be non-negative");
        var columns = new ScoredColumns(Environment, data);
        DataViewSchema.Column label = columns.Find(labelColumnName, DefaultColumnNames.Label);
        DataViewSchema.Column score = columns.Find(scoreColumnName, DefaultColumnNames.Score);
        columns.Find(predictedLabelColumnName, DefaultColumnNames.PredictedLabel);
        bool isVector = score.Type is VectorDataViewType { Size: >= 2 } vector
            && vector.ItemType == NumberDataViewType.Single;
        columns.Check(isVector, score, "score", "vector of two or more items of type Single");
        columns.Check(
            label.Type == NumberDataViewType.Single || label.Type is KeyDataViewType, label, "label", "Single or Key");
        int classes = score.Type.GetVectorSize();
        var tally = new MulticlassTally(classes, topKPredictionCount);
        Count(data, label, score, tally);
        IHost host = Environment.Register("MultiClassClassifierEvaluator");
        return tally.ToMetrics(ConfusionCounts.ToMatrix(host, tally.Confusion, Names(score, classes), isBinary: false));
    }

    private static void Count(
        IDataView data, DataViewSchema.Column label, DataViewSchema.Column score, MulticlassTally tally)
    {
        using DataViewRowCursor cursor = data.GetRowCursor([label, score]);
        Func<float> getLabel = ScoredColumns.LabelGetter(cursor, label);
        ValueGetter<VBuffer<float>> getScore = cursor.GetGetter<VBuffer<float>>(score);
        VBuffer<float> scores = default;
        var dense = new float[score.Type.GetVectorSize()];
        while (cursor.MoveNext())
        {
            getScore(ref scores);
            scores.CopyTo(dense);
            tally.Add(getLabel(), dense);
        }
    }

    private static string[] Names(DataViewSchema.Column score, int classes)
    {
        if (!score.HasSlotNames(classes))
        {
            return [.. Enumerable.Range(0, classes).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        }

        VBuffer<ReadOnlyMemory<char>> names = default;
        score.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }
}
