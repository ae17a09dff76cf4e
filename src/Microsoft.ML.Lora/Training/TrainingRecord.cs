namespace Microsoft.ML.Lora.Training;

/// <summary>How a model came about.</summary>
internal sealed record TrainingRecord
{
    /// <summary>The seed of everything random.</summary>
    public required int Seed { get; init; }

    /// <summary>Examples trained on.</summary>
    public required long Examples { get; init; }

    /// <summary>Examples validated with; 0 for none.</summary>
    public required long ValidationExamples { get; init; }

    /// <summary>Rows skipped because their label was missing.</summary>
    public required long MissingLabels { get; init; }

    /// <summary>Training examples whose tokens were cut to the maximum.</summary>
    public required long Truncated { get; init; }

    /// <summary>Share of the rows read whose tokens were cut to the maximum, 0 to 1.</summary>
    public double TruncatedShare { get; init; }

    /// <summary>The learning rate after the warm-up; 0 in models saved before it was recorded.</summary>
    public float LearningRate { get; init; }

    /// <summary>The step at which a first attempt, at ten times the rate, lost its finite loss; null when there was none.</summary>
    public int? DivergedAtStep { get; init; }

    /// <summary>The epoch the model is from; 0 when training was cut inside the first.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>One record an epoch.</summary>
    public required IReadOnlyList<EpochRecord> Epochs { get; init; }
}
