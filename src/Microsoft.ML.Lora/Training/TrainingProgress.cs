namespace Microsoft.ML.Lora.Training;

/// <summary>Where a training run stands after a step, or after the validation that ends an epoch.</summary>
internal readonly record struct TrainingProgress
{
    /// <summary>1, or 2 when the run began anew at a lower rate.</summary>
    public required int Attempt { get; init; }

    /// <summary>The epoch under way, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Epochs planned.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimiser steps done in the whole run.</summary>
    public required int Step { get; init; }

    /// <summary>Steps planned in the whole run.</summary>
    public required int Steps { get; init; }

    /// <summary>Mean training loss of the epoch so far.</summary>
    public required double Loss { get; init; }

    /// <summary>Learning rate of the last step.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Tokens trained on in a second, over the run.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Time the remaining steps will take at the pace so far.</summary>
    public required TimeSpan Remaining { get; init; }

    /// <summary>The epoch's validation score; null between the ends of epochs and without validation data.</summary>
    public ValidationScore? Validation { get; init; }

    /// <summary>Whether the epoch has ended with this report.</summary>
    public bool EndOfEpoch { get; init; }
}
