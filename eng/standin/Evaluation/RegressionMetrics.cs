namespace Microsoft.ML.Data;

/// <summary>How good the predictions of a number are.</summary>
public sealed class RegressionMetrics
{
    internal RegressionMetrics(double l1, double l2, double rms, double loss, double rSquared)
    {
        MeanAbsoluteError = l1;
        MeanSquaredError = l2;
        RootMeanSquaredError = rms;
        LossFunction = loss;
        RSquared = rSquared;
    }

    public double MeanAbsoluteError { get; }

    public double MeanSquaredError { get; }

    public double RootMeanSquaredError { get; }

    /// <summary>The mean squared loss, taken in single precision.</summary>
    public double LossFunction { get; }

    /// <summary>The share of the labels' variance that is explained; at most 1.</summary>
    public double RSquared { get; }
}
