using System.Globalization;
using Microsoft.ML.Lora.Checkpoints.Hub;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora;

/// <summary>Tells the user how a training run goes: ML.NET's log, its progress channel, and the options' own progress.</summary>
internal sealed class TrainingReporter : IProgress<HubProgress>, IDisposable
{
    private static readonly string[] _metrics =
        ["Loss", "Learning rate", "Tokens/s", "Validation loss", "Validation accuracy"];
    private static readonly string[] _units = ["epochs", "steps"];

    private readonly IChannel _channel;
    private readonly IProgressChannel _progressChannel;
    private readonly IProgress<LoraTrainingProgress>? _progress;
    private LoraTrainingProgress? _latest;

    public TrainingReporter(IHost host, IChannel channel, IProgress<LoraTrainingProgress>? progress)
    {
        _channel = channel;
        _progress = progress;
        _progressChannel = host.StartProgressChannel("Training");
        _progressChannel.SetHeader(new ProgressHeader(_metrics, _units), Fill);
    }

    /// <summary>Says which file of a base model was fetched.</summary>
    void IProgress<HubProgress>.Report(HubProgress value)
    {
        if (value.BytesReceived == value.BytesTotal)
        {
            Info($"Fetched {value.File}, {value.BytesTotal} bytes.");
        }
    }

    /// <summary>Says how many rows were read, skipped and cut.</summary>
    public void RowsRead(LabelledRows rows, int maxTokens)
    {
        if (rows.MissingLabels > 0)
        {
            Warn($"Skipped {rows.MissingLabels} of {rows.RowsRead} rows: their label is missing.");
        }
        if (rows.Truncated > 0)
        {
            double share = 100.0 * rows.Truncated / rows.Examples.Count;
            Info(string.Create(CultureInfo.InvariantCulture,
                $"{rows.Truncated} of {rows.Examples.Count} texts ({share:F1}%) were cut to {maxTokens} tokens."));
        }
    }

    /// <summary>Says what is about to be trained.</summary>
    public void Starting(int training, int validation, int classes, ModelFacts facts, int seed) =>
        Info($"Training on {training} rows, validating on {validation}, {classes} classes; " +
            $"{facts.TrainableParameters} of {facts.TotalParameters} parameters are trained; seed {seed}.");

    /// <summary>Passes on a report of the training loop.</summary>
    public void Report(TrainingProgress progress)
    {
        var report = new LoraTrainingProgress(progress);
        _latest = report;
        _progress?.Report(report);
        if (progress.EndOfEpoch)
        {
            _channel.Info(MessageSensitivity.None, report.ToString());
            _progressChannel.Checkpoint(progress.Loss, progress.LearningRate, progress.TokensPerSecond,
                progress.Validation?.Loss, progress.Validation?.Accuracy, progress.Epoch, progress.Step);
        }
    }

    /// <summary>Says something about the run, as a warning or not.</summary>
    public void Tell(string message, bool warning)
    {
        if (warning)
        {
            Warn(message);
        }
        else
        {
            Info(message);
        }
    }

    /// <summary>Says which epoch's model is kept, and warns when it cannot tell the validation rows apart.</summary>
    public void Finished(TrainingOutcome outcome, TrainingData data)
    {
        if (outcome.Cancelled)
        {
            Warn($"Training was cancelled after {outcome.History.Count} epochs.");
        }
        Info(outcome.BestEpoch == 0
            ? "The model is that of the last step."
            : $"The model is that of epoch {outcome.BestEpoch} of {outcome.History.Count}.");
        ValidationScore? score = outcome.History.FirstOrDefault(epoch => epoch.Epoch == outcome.BestEpoch)?.Validation;
        if (score?.OnlyPrediction is { } only && data.Validation.Count > 1)
        {
            Warn($"The model predicts '{data.Labels.NameOf(only)}' for every one of the {data.Validation.Count} validation " +
                "rows: it has learned nothing yet, or that class outweighs the others. Train for more epochs, try another " +
                "LearningRate, or check the labels.");
        }
    }

    public void Dispose() => _progressChannel.Dispose();

    private void Fill(IProgressEntry entry)
    {
        if (_latest is { } report)
        {
            entry.SetMetric(0, report.Loss);
            entry.SetMetric(1, report.LearningRate);
            entry.SetMetric(2, report.TokensPerSecond);
            entry.SetProgress(0, report.Epoch, report.Epochs);
            entry.SetProgress(1, report.Step, report.Steps);
        }
    }

    private void Info(string message) => _channel.Info(MessageSensitivity.None, message);

    /// <summary>Warns in the log.</summary>
    public void Warn(string message) => _channel.Warning(MessageSensitivity.None, message);
}
