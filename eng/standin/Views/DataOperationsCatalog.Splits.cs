using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML;

public sealed partial class DataOperationsCatalog
{
    /// <summary>Splits rows at random into a part to train on and a part to test with.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="testFraction">The share of rows to test with, about; between 0 and 1.</param>
    /// <param name="samplingKeyColumnName">Rows with one value in this column stay together; null for none.</param>
    /// <param name="seed">Where the random numbers start; null for the context's seed.</param>
    public TrainTestData TrainTestSplit(
        IDataView data, double testFraction = 0.1, string samplingKeyColumnName = null, int? seed = null)
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckUserArg(
            testFraction is > 0 and < 1, nameof(testFraction), "Must be between 0 and 1 exclusive");
        var splitter = new RowSplitter(_env, data, samplingKeyColumnName, seed);
        (IDataView test, IDataView rest) = splitter.Split(0, testFraction, includeMax: false);
        return new TrainTestData(rest, test);
    }

    /// <summary>Splits rows at random into folds; each fold is tested with once.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="numberOfFolds">The number of folds; at least 2.</param>
    /// <param name="samplingKeyColumnName">Rows with one value in this column stay together; null for none.</param>
    /// <param name="seed">Where the random numbers start; null for the context's seed.</param>
    public IReadOnlyList<TrainTestData> CrossValidationSplit(
        IDataView data, int numberOfFolds = 5, string samplingKeyColumnName = null, int? seed = null)
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckParam(numberOfFolds > 1, nameof(numberOfFolds), "Must be more than 1");
        return CrossValidationSplit(_env, data, numberOfFolds, samplingKeyColumnName, seed);
    }

    internal static IReadOnlyList<TrainTestData> CrossValidationSplit(
        IHostEnvironment env, IDataView data, int numberOfFolds, string samplingKeyColumn, int? seed)
    {
        var splitter = new RowSplitter(env, data, samplingKeyColumn, seed);
        var folds = new List<TrainTestData>(numberOfFolds);
        for (int fold = 0; fold < numberOfFolds; fold++)
        {
            double min = (double)fold / numberOfFolds;
            double max = (double)(fold + 1) / numberOfFolds;
            (IDataView test, IDataView rest) = splitter.Split(min, max, includeMax: fold == numberOfFolds - 1);
            folds.Add(new TrainTestData(rest, test));
        }

        return folds;
    }

    /// <summary>A part to train on and a part to test with.</summary>
    public struct TrainTestData
    {
        /// <summary>The rows to train on.</summary>
        public readonly IDataView TrainSet;

        /// <summary>The rows to test with.</summary>
        public readonly IDataView TestSet;

        internal TrainTestData(IDataView trainSet, IDataView testSet)
        {
            TrainSet = trainSet;
            TestSet = testSet;
        }
    }
}
