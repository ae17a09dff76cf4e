using System.Text;

namespace Microsoft.ML.Lora;

/// <summary>What a <see cref="LoraTuner"/> found: every trial, and the best one's model.</summary>
public sealed class LoraTuning
{
    internal LoraTuning(
        LoraValidationMetric metric, IReadOnlyList<LoraTrial> trials, LoraTrial best, LoraTransformer model, bool cancelled)
    {
        Metric = metric;
        Trials = trials;
        Best = best;
        Model = model;
        Cancelled = cancelled;
    }

    /// <summary>The metric that decided.</summary>
    public LoraValidationMetric Metric { get; }

    /// <summary>All trials, in the order of trying.</summary>
    public IReadOnlyList<LoraTrial> Trials { get; }

    /// <summary>The trial with the best metric; of equals the first.</summary>
    public LoraTrial Best { get; }

    /// <summary>The model of the best trial, to be disposed when it is no longer used.</summary>
    public LoraTransformer Model { get; }

    /// <summary>Whether tuning was cancelled before its last trial.</summary>
    public bool Cancelled { get; }

    /// <summary>A line a trial, the best first.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("by ").Append(Metric).Append('\n');
        IEnumerable<LoraTrial> sorted = Trials.OrderBy(trial => trial.Metric is null)
            .ThenBy(trial => Metric == LoraValidationMetric.LogLoss ? trial.Metric : -trial.Metric);
        return text.AppendJoin('\n', sorted).ToString();
    }
}
