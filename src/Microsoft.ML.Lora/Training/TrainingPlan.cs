using Microsoft.ML.Lora.Optimization;

namespace Microsoft.ML.Lora.Training;

/// <summary>How long and how fast to train, validated.</summary>
internal sealed record TrainingPlan
{
    /// <summary>Passes over the training examples at most; 1 or more.</summary>
    public required int Epochs { get; init; }

    /// <summary>Examples computed on at a time; 1 or more.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Batches in an optimiser step; 1 or more.</summary>
    public int BatchesPerStep { get; init; } = 1;

    /// <summary>How the learning rate goes after the warm-up.</summary>
    public ScheduleShape Schedule { get; init; } = ScheduleShape.Linear;

    /// <summary>Examples in an optimiser step.</summary>
    public int StepSize => BatchSize * BatchesPerStep;

    /// <summary>Learning rate at the end of the warm-up, above 0.</summary>
    public required float LearningRate { get; init; }

    /// <summary>Share of all steps in which the rate rises from 0, in [0, 1).</summary>
    public required float WarmupFraction { get; init; }

    /// <summary>Share of all steps, at the end, whose weights are averaged to be the last epoch's; 0 to 1.</summary>
    public double AveragedShare { get; init; }

    /// <summary>Epochs without a better validation score before training stops; 0 never stops early.</summary>
    public required int Patience { get; init; }

    /// <summary>Decides the order of the examples in every epoch.</summary>
    public required int Seed { get; init; }

    /// <summary>The head to fit where steps learn from pairs of rows, which leaves it open; null for steps on the head's outputs.</summary>
    public HeadFit? PairHead { get; init; }

    /// <summary>Whether a run whose loss or gradient is no longer finite begins anew, once, at a tenth of the rate.</summary>
    public bool RetryAtLowerRate { get; init; }

    /// <summary>Whether a cancelled run gives the best model so far instead of an exception.</summary>
    public required bool ReturnBestOnCancel { get; init; }
}
