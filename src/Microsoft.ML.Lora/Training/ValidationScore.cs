namespace Microsoft.ML.Lora.Training;

/// <summary>How good a model is on examples it was not trained on.</summary>
/// <param name="Loss">Mean loss; lower is better.</param>
/// <param name="Metric">The metric that picks the best epoch; higher is better.</param>
internal sealed record ValidationScore(double Loss, double Metric)
{
    /// <summary>A higher metric, or the same metric at a lower loss.</summary>
    public bool IsBetterThan(ValidationScore? other) =>
        other is null || Metric > other.Metric || (Metric == other.Metric && Loss < other.Loss);
}
