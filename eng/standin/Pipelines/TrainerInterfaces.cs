using Microsoft.ML.Runtime;

namespace Microsoft.ML
{
    /// <summary>What a trainer wants of its data.</summary>
    public sealed class TrainerInfo
    {
        internal TrainerInfo(bool normalization = true, bool calibration = false, bool caching = true,
            bool supportValid = false, bool supportIncrementalTrain = false, bool supportTest = false)
        {
            NeedNormalization = normalization;
            WantCaching = caching;
        }

        public bool NeedNormalization { get; }

        public bool WantCaching { get; }
    }

    /// <summary>Names an output column and the input column it comes from.</summary>
    public sealed class InputOutputColumnPair
    {
        public InputOutputColumnPair(string outputColumnName, string inputColumnName = null)
        {
            Contracts.CheckNonEmpty(outputColumnName, nameof(outputColumnName));
            InputColumnName = inputColumnName ?? outputColumnName;
            OutputColumnName = outputColumnName;
        }

        public string InputColumnName { get; }

        public string OutputColumnName { get; }

        internal static (string outputColumnName, string inputColumnName)[] ConvertToValueTuples(
            InputOutputColumnPair[] infos) =>
            infos.Select(info => (info.OutputColumnName, info.InputColumnName)).ToArray();
    }
}

namespace Microsoft.ML.Trainers
{
    /// <summary>An estimator that is a trainer.</summary>
    public interface ITrainerEstimator<out TTransformer, out TModel> : IEstimator<TTransformer>
        where TTransformer : IPredictionTransformer<TModel>
        where TModel : class
    {
        TrainerInfo Info { get; }
    }
}
