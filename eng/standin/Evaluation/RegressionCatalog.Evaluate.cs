using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed partial class RegressionCatalog
{
    /// <summary>Measures predictions against labels.</summary>
    /// <param name="data">The scored rows.</param>
    /// <param name="labelColumnName">The true number.</param>
    /// <param name="scoreColumnName">The predicted number.</param>
    public RegressionMetrics Evaluate(
        IDataView data,
        string labelColumnName = DefaultColumnNames.Label,
        string scoreColumnName = DefaultColumnNames.Score)
    {
        Environment.CheckValue(data, nameof(data));
        Environment.CheckNonEmpty(labelColumnName, nameof(labelColumnName));
        Environment.CheckNonEmpty(scoreColumnName, nameof(scoreColumnName));
        var columns = new ScoredColumns(Environment.Register("RegressionEvaluator"), data);
        DataViewSchema.Column label = columns.Find(labelColumnName, DefaultColumnNames.Label);
        DataViewSchema.Column score = columns.Find(scoreColumnName, DefaultColumnNames.Score);
        columns.Check(score.Type == NumberDataViewType.Single, score, "score", "Single");
        columns.Check(label.Type == NumberDataViewType.Single, label, "label", "Single");
        var tally = new RegressionTally();
        using DataViewRowCursor cursor = data.GetRowCursor([label, score]);
        ValueGetter<float> getLabel = cursor.GetGetter<float>(label);
        ValueGetter<float> getScore = cursor.GetGetter<float>(score);
        float labelValue = 0;
        float scoreValue = 0;
        while (cursor.MoveNext())
        {
            getLabel(ref labelValue);
            getScore(ref scoreValue);
            tally.Add(labelValue, scoreValue);
        }

        return tally.ToMetrics();
    }
}
