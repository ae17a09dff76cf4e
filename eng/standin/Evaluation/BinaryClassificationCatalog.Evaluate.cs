using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed partial class BinaryClassificationCatalog
{
    private const int BinaryKeyCount = 2;

    /// <summary>Measures predictions and probabilities against labels.</summary>
    /// <param name="data">The scored rows.</param>
    /// <param name="labelColumnName">The true class: a boolean, a number that is above zero, or the second of two
    /// keys.</param>
    /// <param name="scoreColumnName">The raw score; above zero the positive class is predicted.</param>
    /// <param name="probabilityColumnName">The probability of the positive class.</param>
    /// <param name="predictedLabelColumnName">The predicted class; must exist, the score decides.</param>
    public CalibratedBinaryClassificationMetrics Evaluate(
        IDataView data,
        string labelColumnName = DefaultColumnNames.Label,
        string scoreColumnName = DefaultColumnNames.Score,
        string probabilityColumnName = DefaultColumnNames.Probability,
        string predictedLabelColumnName = DefaultColumnNames.PredictedLabel)
    {
        Environment.CheckValue(data, nameof(data));
        Environment.CheckNonEmpty(labelColumnName, nameof(labelColumnName));
        Environment.CheckNonEmpty(scoreColumnName, nameof(scoreColumnName));
        Environment.CheckNonEmpty(probabilityColumnName, nameof(probabilityColumnName));
        Environment.CheckNonEmpty(predictedLabelColumnName, nameof(predictedLabelColumnName));
        BinaryTally tally = Count(
            data, labelColumnName, scoreColumnName, probabilityColumnName, predictedLabelColumnName);
        return CalibratedBinaryClassificationMetrics.Create(Environment.Register("BinaryClassifierEvaluator"), tally);
    }

    /// <summary>Measures predictions against labels.</summary>
    /// <param name="data">The scored rows.</param>
    /// <param name="labelColumnName">The true class: a boolean, a number that is above zero, or the second of two
    /// keys.</param>
    /// <param name="scoreColumnName">The raw score; above zero the positive class is predicted.</param>
    /// <param name="predictedLabelColumnName">The predicted class; must exist, the score decides.</param>
    public BinaryClassificationMetrics EvaluateNonCalibrated(
        IDataView data,
        string labelColumnName = DefaultColumnNames.Label,
        string scoreColumnName = DefaultColumnNames.Score,
        string predictedLabelColumnName = DefaultColumnNames.PredictedLabel)
    {
        Environment.CheckValue(data, nameof(data));
        Environment.CheckNonEmpty(labelColumnName, nameof(labelColumnName));
        Environment.CheckNonEmpty(predictedLabelColumnName, nameof(predictedLabelColumnName));
        Environment.CheckNonEmpty(scoreColumnName, "score");
        BinaryTally tally = Count(data, labelColumnName, scoreColumnName, null, predictedLabelColumnName);
        return BinaryClassificationMetrics.Create(Environment.Register("BinaryClassifierEvaluator"), tally);
    }

    private BinaryTally Count(
        IDataView data, string labelName, string scoreName, string probabilityName, string predictedName)
    {
        var columns = new ScoredColumns(Environment, data, MessageSensitivity.Schema);
        DataViewSchema.Column label = columns.Find(labelName, DefaultColumnNames.Label);
        DataViewSchema.Column score = columns.Find(scoreName, DefaultColumnNames.Score);
        DataViewSchema.Column probability = probabilityName == null
            ? score
            : columns.Find(probabilityName, DefaultColumnNames.Probability);
        columns.Find(predictedName, DefaultColumnNames.PredictedLabel);
        bool isLabel = label.Type == NumberDataViewType.Single || label.Type == NumberDataViewType.Double
            || label.Type is BooleanDataViewType or KeyDataViewType { Count: BinaryKeyCount };
        columns.Check(score.Type == NumberDataViewType.Single, score, "score", "Single");
        columns.Check(isLabel, label, "label", "Single, Double, Boolean, or a Key with cardinality 2");
        columns.Check(probability.Type == NumberDataViewType.Single, probability, "probability", "Single");
        var tally = new BinaryTally(probabilityName != null);
        using DataViewRowCursor cursor = data.GetRowCursor([label, score, probability]);
        Func<float> getLabel = ScoredColumns.LabelGetter(cursor, label);
        ValueGetter<float> getScore = cursor.GetGetter<float>(score);
        ValueGetter<float> getProbability = cursor.GetGetter<float>(probability);
        float scoreValue = 0;
        float probabilityValue = 0;
        while (cursor.MoveNext())
        {
            getScore(ref scoreValue);
            getProbability(ref probabilityValue);
            tally.Add(getLabel(), scoreValue, probabilityValue);
        }

        return tally;
    }
}
