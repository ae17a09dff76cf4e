using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public abstract partial class TrainCatalogBase
{
    /// <summary>Fits an estimator to each fold's training part and scores the part left out.</summary>
    private protected CrossValidationResult[] CrossValidateTrain(
        IDataView data, IEstimator<ITransformer> estimator, int numFolds, string samplingKeyColumn, int? seed = null)
    {
        Environment.CheckValue(data, nameof(data));
        Environment.CheckValue(estimator, nameof(estimator));
        Environment.CheckParam(numFolds > 1, nameof(numFolds), "Must be more than 1");
        return [.. DataOperationsCatalog.CrossValidationSplit(Environment, data, numFolds, samplingKeyColumn, seed)
            .Select((split, fold) =>
            {
                ITransformer model = estimator.Fit(split.TrainSet);
                return new CrossValidationResult(model, model.Transform(split.TestSet), fold);
            })];
    }

    /// <summary>A fold's model and the scored rows that it was not fitted to.</summary>
    private protected struct CrossValidationResult
    {
        public readonly ITransformer Model;

        public readonly IDataView Scores;

        public readonly int Fold;

        public CrossValidationResult(ITransformer model, IDataView scores, int fold)
        {
            Model = model;
            Scores = scores;
            Fold = fold;
        }
    }

    /// <summary>A fold's model, the scored rows that it was not fitted to, and how good their scores are.</summary>
    public sealed class CrossValidationResult<T>
        where T : class
    {
        /// <summary>The metrics of the rows left out.</summary>
        public readonly T Metrics;

        /// <summary>The fitted model.</summary>
        public readonly ITransformer Model;

        /// <summary>The scored rows left out.</summary>
        public readonly IDataView ScoredHoldOutSet;

        /// <summary>The number of the fold, from 0.</summary>
        public readonly int Fold;

        internal CrossValidationResult(ITransformer model, T metrics, IDataView scores, int fold)
        {
            Model = model;
            Metrics = metrics;
            ScoredHoldOutSet = scores;
            Fold = fold;
        }
    }
}
