using System.Globalization;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Training.Resuming;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora;

/// <summary>Goes through the trials of a tuning, over rows that are read once and a base that is held once.</summary>
internal sealed class TuningRun(
    IHostEnvironment environment, IHost host, IChannel channel, LoraTextClassificationTrainer.Options options, int seed)
{
    private readonly List<LoraTrial> _trials = [];
    private LoraTrial? _best;
    private LoraModel? _model;

    /// <summary>Tries every combination.</summary>
    public LoraTuning Run(
        IDataView input, IReadOnlyList<IReadOnlyDictionary<string, object?>> plan, IProgress<LoraTrial>? progress)
    {
        TrainerSettings[] settings = [.. plan.Select((values, i) => SettingsOf(values, i + 1))];
        using var reporter = new TrainingReporter(host, channel, options.Progress);
        using var shared = new SharedBase();
        var first = new TrainingRun(host, settings[0], reporter, seed) { Shared = shared };
        TrainingData data = first.Read(input);
        if (data.Validation.Count == 0)
        {
            throw MLNetAccess.BadState(host,
                $"There is nothing to compare trials on: {data.Training.Count} rows are too few to hold some back to validate. " +
                "Give a ValidationSet.");
        }
        bool cancelled = false;
        for (int i = 0; i < plan.Count && !cancelled; i++)
        {
            try
            {
                Take(Try(settings[i], plan[i], data, first, reporter), progress);
            }
            catch (OperationCanceledException) when (options.ReturnBestOnCancel && _best is not null)
            {
                cancelled = true;
            }
        }
        return _best is not null && _model is not null
            ? new LoraTuning(options.ValidationMetric, _trials, _best, new LoraTransformer(environment, _model), cancelled)
            : throw MLNetAccess.BadState(host, $"Every trial failed, the first with: {_trials[0].Error}");
    }

    private (LoraTrial Trial, LoraModel? Model) Try(TrainerSettings settings, IReadOnlyDictionary<string, object?> values,
        TrainingData data, TrainingRun first, TrainingReporter reporter)
    {
        var trial = new LoraTrial { Number = _trials.Count + 1, Options = values };
        try
        {
            var run = new TrainingRun(host, settings, reporter, settings.Options.Seed ?? seed, first.Files)
            {
                Shared = first.Shared,
            };
            LoraModel model = run.Train(data);
            return (trial with
            {
                Metric = model.Contents.Training.Epochs.First(epoch => epoch.Epoch == model.BestEpoch).Validation!.Metric,
                BestEpoch = model.BestEpoch,
                History = model.History,
                Seconds = model.History.Sum(epoch => epoch.Seconds),
                TrainableParameters = model.TrainableParameters,
            }, model);
        }
        catch (Exception error) when (error is not OtherRunException
            && error is InvalidOperationException or ArgumentException or NotSupportedException)
        {
            return (trial with { Error = error.Message }, null);
        }
    }

    private void Take((LoraTrial Trial, LoraModel? Model) tried, IProgress<LoraTrial>? progress)
    {
        (LoraTrial trial, LoraModel? model) = tried;
        _trials.Add(trial);
        if (model is not null && IsBetter(trial.Metric))
        {
            _best = trial;
            _model = model;
        }
        channel.Info(MessageSensitivity.None, trial.ToString());
        progress?.Report(trial);
    }

    private bool IsBetter(double? metric) => _best is null || double.IsNaN(_best.Metric!.Value) ||
        (options.ValidationMetric == LoraValidationMetric.LogLoss ? metric < _best.Metric : metric > _best.Metric);

    private TrainerSettings SettingsOf(IReadOnlyDictionary<string, object?> values, int number)
    {
        LoraTextClassificationTrainer.Options own = TrainerSettings.Copy(options);
        foreach ((string name, object? value) in values)
        {
            TunedOption.Set(own, name, value);
        }
        own.ReturnBestOnCancel = false;
        if (options.CheckpointFolder is { } folder)
        {
            own.CheckpointFolder = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"trial-{number:D3}"));
        }
        try
        {
            return new TrainerSettings(own);
        }
        catch (ArgumentException error)
        {
            throw new ArgumentException($"Trial {number} cannot be tried. {error.Message}", error);
        }
    }
}
