using System.Globalization;
using Microsoft.ML.Lora.Training;

namespace Microsoft.ML.Lora;

/// <summary>A report from a training run: after every optimiser step, and once more at the end of every epoch.</summary>
public sealed class LoraTrainingProgress
{
    internal LoraTrainingProgress(TrainingProgress progress)
    {
        Attempt = progress.Attempt;
        Epoch = progress.Epoch;
        Epochs = progress.Epochs;
        Step = progress.Step;
        Steps = progress.Steps;
        Loss = progress.Loss;
        LearningRate = progress.LearningRate;
        TokensPerSecond = progress.TokensPerSecond;
        Remaining = progress.Remaining;
        IsEndOfEpoch = progress.EndOfEpoch;
        ValidationLoss = progress.Validation?.Loss;
        ValidationAccuracy = progress.Validation?.Accuracy;
        ValidationMacroF1 = progress.Validation?.MacroF1;
        ValidationMatthewsCorrelation = progress.Validation?.MatthewsCorrelation;
    }

    /// <summary>1; 2 when training began anew at a lower rate, see <c>RetryAtLowerRate</c>.</summary>
    public int Attempt { get; }

    /// <summary>The epoch under way, from 1.</summary>
    public int Epoch { get; }

    /// <summary>The epochs planned; early stopping may end sooner.</summary>
    public int Epochs { get; }

    /// <summary>Optimiser steps done in the whole run, from 1.</summary>
    public int Step { get; }

    /// <summary>Optimiser steps planned in the whole run.</summary>
    public int Steps { get; }

    /// <summary>Mean training loss of the epoch so far.</summary>
    public double Loss { get; }

    /// <summary>Learning rate of the last step.</summary>
    public double LearningRate { get; }

    /// <summary>Tokens trained on in a second, over the run, validation not counted.</summary>
    public double TokensPerSecond { get; }

    /// <summary>Time the remaining steps will take at the pace so far.</summary>
    public TimeSpan Remaining { get; }

    /// <summary>Whether this report ends an epoch; only such a report has validation results.</summary>
    public bool IsEndOfEpoch { get; }

    /// <summary>Mean loss over the validation examples; null inside an epoch and without validation data.</summary>
    public double? ValidationLoss { get; }

    /// <summary>Share of the validation examples classified right, 0 to 1; null inside an epoch and without validation data.</summary>
    public double? ValidationAccuracy { get; }

    /// <summary>Mean F1 of the classes over the validation examples, 0 to 1; null where <see cref="ValidationAccuracy"/> is.</summary>
    public double? ValidationMacroF1 { get; }

    /// <summary>
    /// Matthews correlation coefficient over the validation examples, −1 to 1; null where <see cref="ValidationAccuracy"/> is.
    /// </summary>
    public double? ValidationMatthewsCorrelation { get; }

    /// <summary>One line for a log.</summary>
    public override string ToString()
    {
        string line = string.Create(CultureInfo.InvariantCulture,
            $"epoch {Epoch}/{Epochs}, step {Step}/{Steps}: loss {Loss:F4}, learning rate {LearningRate:E2}, " +
            $"{TokensPerSecond:F0} tokens/s, {Remaining:hh\\:mm\\:ss} to go");
        return ValidationAccuracy is null
            ? line
            : line + string.Create(CultureInfo.InvariantCulture,
                $", validation loss {ValidationLoss:F4}, accuracy {ValidationAccuracy:F4}, " +
                $"macro-F1 {ValidationMacroF1:F4}, MCC {ValidationMatthewsCorrelation:F4}");
    }
}
