using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed partial class MulticlassClassificationCatalog
{
    /// <summary>Fits an estimator to all but one fold and measures it on that fold, for each fold.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="estimator">What is fitted.</param>
    /// <param name="numberOfFolds">The number of folds; at least 2.</param>
    /// <param name="labelColumnName">The column with the truth.</param>
    /// <param name="samplingKeyColumnName">Rows with one value in this column stay together; null for none.</param>
    /// <param name="seed">Where the random numbers start; null for the context's seed.</param>
    public IReadOnlyList<CrossValidationResult<MulticlassClassificationMetrics>> CrossValidate(
        IDataView data,
        IEstimator<ITransformer> estimator,
        int numberOfFolds = 5,
        string labelColumnName = DefaultColumnNames.Label,
        string samplingKeyColumnName = null,
        int? seed = null)
    {
        Environment.CheckNonEmpty(labelColumnName, nameof(labelColumnName));
        CrossValidationResult[] folds = CrossValidateTrain(data, estimator, numberOfFolds, samplingKeyColumnName, seed);
        return [.. folds.Select(fold => new CrossValidationResult<MulticlassClassificationMetrics>(
            fold.Model, Evaluate(fold.Scores, labelColumnName), fold.Scores, fold.Fold))];
    }
}
