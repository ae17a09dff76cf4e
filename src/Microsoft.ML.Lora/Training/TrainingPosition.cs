namespace Microsoft.ML.Lora.Training;

/// <summary>Where a run stands between two steps: with the session's state, all that it needs to go on.</summary>
internal sealed class TrainingPosition
{
    /// <summary>1, or 2 after a first attempt whose loss was no longer a finite number.</summary>
    public int Attempt { get; set; } = 1;

    /// <summary>The step at which the first attempt ended; null without a second.</summary>
    public int? DivergedAtStep { get; set; }

    /// <summary>The epoch under way, from 1; one more than the plan's epochs at the end.</summary>
    public int Epoch { get; set; } = 1;

    /// <summary>Batches of the epoch done.</summary>
    public int Batch { get; set; }

    /// <summary>Optimiser steps done in the whole attempt.</summary>
    public int Step { get; set; }

    /// <summary>Sum of the losses of the epoch's examples so far.</summary>
    public double LossSum { get; set; }

    /// <summary>Examples of the epoch so far.</summary>
    public long Seen { get; set; }

    /// <summary>Seconds spent on the epoch before the run was interrupted.</summary>
    public double Seconds { get; set; }

    /// <summary>One record an epoch that ended.</summary>
    public List<EpochRecord> History { get; init; } = [];

    /// <summary>The best epoch so far.</summary>
    public BestEpoch Best { get; init; } = new();

    /// <summary>Ends the epoch under way.</summary>
    public void EndEpoch(EpochRecord record)
    {
        History.Add(record);
        Epoch++;
        Batch = 0;
        LossSum = 0;
        Seen = 0;
        Seconds = 0;
    }

    /// <summary>The start of a second attempt.</summary>
    public TrainingPosition NextAttempt(int divergedAtStep) =>
        new() { Attempt = Attempt + 1, DivergedAtStep = divergedAtStep };
}
