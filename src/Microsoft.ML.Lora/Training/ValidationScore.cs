namespace Microsoft.ML.Lora.Training;

/// <summary>How good a model is on examples it was not trained on.</summary>
/// <param name="Loss">Mean loss; lower is better.</param>
/// <param name="Metric">The metric that picks the best epoch; higher is better.</param>
internal sealed record ValidationScore(double Loss, double Metric)
{
    /// <summary>Standard error of the metric.</summary>
    public double Noise { get; init; }

    /// <summary>A higher metric, or one that is lower by no more than its noise.</summary>
    public bool IsBetterThan(ValidationScore? other) => other is null || Metric >= other.Metric - Noise;
}
