using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How good the predictions of one of several classes are.</summary>
public sealed class MulticlassClassificationMetrics
{
    internal MulticlassClassificationMetrics(
        double accuracyMicro,
        double accuracyMacro,
        double logLoss,
        double logLossReduction,
        int topKPredictionCount,
        double[] topKAccuracies,
        double[] perClassLogLoss,
        ConfusionMatrix confusionMatrix)
    {
        MicroAccuracy = accuracyMicro;
        MacroAccuracy = accuracyMacro;
        LogLoss = logLoss;
        LogLossReduction = logLossReduction;
        TopKPredictionCount = topKPredictionCount;
        TopKAccuracyForAllK = topKAccuracies;
        PerClassLogLoss = perClassLogLoss;
        ConfusionMatrix = confusionMatrix;
    }

    /// <summary>The mean of -ln p over the rows, where p is the probability given to the true class.</summary>
    public double LogLoss { get; }

    /// <summary>The share of the log loss of guessing by the classes' frequencies that is saved; at most 1.</summary>
    public double LogLossReduction { get; }

    /// <summary>The mean over the classes of the share of their rows that is predicted right.</summary>
    public double MacroAccuracy { get; }

    /// <summary>The share of rows that is predicted right.</summary>
    public double MicroAccuracy { get; }

    /// <summary>The share of rows whose class is among the best few; 0 when that was not asked for.</summary>
    public double TopKAccuracy => TopKAccuracyForAllK is { Count: > 0 } all ? all[^1] : 0;

    /// <summary>How many the best few are.</summary>
    public int TopKPredictionCount { get; }

    /// <summary>The same for 1, 2, ... up to that number; null when that was not asked for.</summary>
    public IReadOnlyList<double> TopKAccuracyForAllK { get; }

    /// <summary>The log loss over the rows of each class.</summary>
    public IReadOnlyList<double> PerClassLogLoss { get; }

    /// <summary>How often each class is predicted for each.</summary>
    public ConfusionMatrix ConfusionMatrix { get; }
}

/// <summary>How good the predictions of one of two classes are.</summary>
public class BinaryClassificationMetrics
{
    private protected BinaryClassificationMetrics(
        IHost host, BinaryTally tally, double roc, double precisionRecall)
    {
        AreaUnderRocCurve = roc;
        AreaUnderPrecisionRecallCurve = precisionRecall;
        Accuracy = tally.Accuracy;
        PositivePrecision = tally.PositivePrecision;
        PositiveRecall = tally.PositiveRecall;
        NegativePrecision = tally.NegativePrecision;
        NegativeRecall = tally.NegativeRecall;
        F1Score = tally.F1Score;
        ConfusionMatrix = tally.ToConfusionMatrix(host);
    }

    /// <summary>The probability that a positive row scores higher than a negative one.</summary>
    public double AreaUnderRocCurve { get; }

    /// <summary>The share of rows that is predicted right.</summary>
    public double Accuracy { get; }

    /// <summary>The share of rows predicted positive that is positive.</summary>
    public double PositivePrecision { get; }

    /// <summary>The share of positive rows that is predicted positive.</summary>
    public double PositiveRecall { get; }

    /// <summary>The share of rows predicted negative that is negative.</summary>
    public double NegativePrecision { get; }

    /// <summary>The share of negative rows that is predicted negative.</summary>
    public double NegativeRecall { get; }

    /// <summary>The harmonic mean of positive precision and recall.</summary>
    public double F1Score { get; }

    /// <summary>The area under the curve of precision over recall.</summary>
    public double AreaUnderPrecisionRecallCurve { get; }

    /// <summary>How often each class is predicted for each; positive first.</summary>
    public ConfusionMatrix ConfusionMatrix { get; }

    internal static BinaryClassificationMetrics Create(IHost host, BinaryTally tally)
    {
        (double roc, double precisionRecall) = tally.Areas();
        return new BinaryClassificationMetrics(host, tally, roc, precisionRecall);
    }
}

/// <summary>How good the predictions and probabilities of one of two classes are.</summary>
public sealed class CalibratedBinaryClassificationMetrics : BinaryClassificationMetrics
{
    private CalibratedBinaryClassificationMetrics(
        IHost host, BinaryTally tally, double roc, double precisionRecall)
        : base(host, tally, roc, precisionRecall)
    {
        LogLoss = tally.LogLoss;
        LogLossReduction = tally.LogLossReduction;
        Entropy = tally.Entropy;
    }

    /// <summary>The mean over the rows of minus the binary logarithm of the true class's probability.</summary>
    public double LogLoss { get; }

    /// <summary>The share of the entropy that is saved; at most 1.</summary>
    public double LogLossReduction { get; }

    /// <summary>The log loss of guessing by the classes' frequencies, in bits.</summary>
    public double Entropy { get; }

    internal static new CalibratedBinaryClassificationMetrics Create(IHost host, BinaryTally tally)
    {
        (double roc, double precisionRecall) = tally.Areas();
        return new CalibratedBinaryClassificationMetrics(host, tally, roc, precisionRecall);
    }
}
