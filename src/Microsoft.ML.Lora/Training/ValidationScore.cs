namespace Microsoft.ML.Lora.Training;

/// <summary>How good a model is on examples it was not trained on.</summary>
/// <param name="Loss">Mean loss; lower is better.</param>
/// <param name="Metric">The metric that picks the best epoch.</param>
internal sealed record ValidationScore(double Loss, double Metric)
{
    /// <summary>Whether a lower <see cref="Metric"/> is the better one.</summary>
    public bool LowerIsBetter { get; init; }

    /// <summary>By how much the metric may fall short of another's and still be as good; 0 for not at all.</summary>
    public double Noise { get; init; }

    /// <summary>Share of examples classified right; null for tasks without classes.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Mean F1 of the classes; null for tasks without classes.</summary>
    public double? MacroF1 { get; init; }

    /// <summary>Matthews correlation coefficient; null for tasks without classes.</summary>
    public double? MatthewsCorrelation { get; init; }

    /// <summary>The class predicted for every single example; null where predictions differ.</summary>
    public int? OnlyPrediction { get; init; }

    /// <summary>A better metric, or the same metric at a lower loss; anything is better than what is no number.</summary>
    public bool IsBetterThan(ValidationScore? other)
    {
        if (other is null || double.IsNaN(other.Metric))
        {
            return true;
        }
        double gain = GainOver(other);
        return gain > 0 || (gain == 0 && Loss < other.Loss);
    }

    /// <summary>Whether the metric falls short of the best one by no more than its noise.</summary>
    public bool IsAsGoodAs(ValidationScore best) => best.Noise > 0 && GainOver(best) >= -best.Noise;

    private double GainOver(ValidationScore other) => LowerIsBetter ? other.Metric - Metric : Metric - other.Metric;
}
