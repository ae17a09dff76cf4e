using Microsoft.ML.Lora.Adapters;

namespace Microsoft.ML.Lora.Training;

/// <summary>What a training run leaves.</summary>
/// <param name="State">The trained tensors of the best epoch, or of the last step without validation data.</param>
/// <param name="History">One record an epoch that ended.</param>
/// <param name="BestEpoch">The epoch <paramref name="State"/> comes from; 0 when the run was cut inside the first.</param>
/// <param name="Cancelled">Whether the run was cancelled before its end.</param>
internal sealed record TrainingOutcome(
    AdapterState State, IReadOnlyList<EpochRecord> History, int BestEpoch, bool Cancelled)
{
    /// <summary>The learning rate after the warm-up of the attempt that the state is from.</summary>
    public required float LearningRate { get; init; }

    /// <summary>The step at which a first attempt, at a higher rate, lost its finite loss; null when there was none.</summary>
    public int? DivergedAtStep { get; init; }
}
