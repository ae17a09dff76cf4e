using System.Globalization;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Training;
using Microsoft.ML.Lora.Training.Resuming;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora;

/// <summary>One run of the trainer: from a view's rows to a model.</summary>
internal sealed class TrainingRun
{
    private readonly IHost _host;
    private readonly TrainerSettings _settings;
    private readonly LoraTextClassificationTrainer.Options _options;
    private readonly TrainingReporter _reporter;
    private readonly int _seed;
    private readonly BaseModelFiles _files;
    private readonly EncoderConfig _encoder;
    private readonly AdapterConfig _adapter;

    /// <param name="host">Where messages and errors go.</param>
    /// <param name="settings">The trainer's settings.</param>
    /// <param name="reporter">Told how the run goes.</param>
    /// <param name="seed">Decides everything random.</param>
    /// <param name="files">The base model's files if they are open already; null to open them.</param>
    public TrainingRun(
        IHost host, TrainerSettings settings, TrainingReporter reporter, int seed, BaseModelFiles? files = null)
    {
        _host = host;
        _settings = settings;
        _options = settings.Options;
        _reporter = reporter;
        _seed = seed;
        _files = files ?? settings.BaseModel.Open(reporter, _options.CancellationToken);
        _encoder = EncoderConfig.Read(_files.ReadConfig());
        _adapter = settings.AdapterOn(_files, Head(1));
        if (settings.FineTuning == FineTuning.Lora)
        {
            AdapterFit.Check(_adapter, ModelLayout.Read(_files, Head(1), _adapter), _files.Description);
        }
    }

    /// <summary>Reads the rows, trains, and gathers what the model needs.</summary>
    /// <param name="input">The training rows.</param>
    /// <param name="previous">The model to go on from; null to begin with the base.</param>
    public LoraModel Run(IDataView input, PreviousModel? previous = null)
    {
        previous?.Check(_settings, _files, Head(1).Pooling);
        TrainingData data = Read(input);
        return Train(previous is null
            ? data
            : data with { Labels = previous.Join(data.Labels, _options.AddNewClasses), Previous = previous });
    }

    /// <summary>The base model's files.</summary>
    public BaseModelFiles Files => _files;

    /// <summary>What is held of the base for the runs that follow; null for nothing.</summary>
    public SharedBase? Shared { get; init; }

    /// <summary>Reads the rows.</summary>
    public TrainingData Read(IDataView input) =>
        new TrainingDataReader(_host, _settings, _reporter, _files, _encoder, _seed).Read(input);

    /// <summary>Takes a few steps at each of some rising learning rates.</summary>
    /// <param name="input">The training rows.</param>
    /// <param name="rates">The rates.</param>
    /// <exception cref="InvalidOperationException">The loss is no finite number from the start.</exception>
    public IReadOnlyList<SweepPoint> Sweep(IDataView input, IReadOnlyList<float> rates)
    {
        TrainingData data = Read(input);
        using ITrainingSession session = Begin(Head(data.Labels.Count), data, out TrainingPlan plan);
        IReadOnlyList<SweepPoint> points =
            new LearningRateSweep(session, data.Training, plan).Run(rates, _options.CancellationToken);
        return points.Count > 0 ? points : throw MLNetAccess.BadState(_host,
            "The loss is no finite number before the first step: check the example weights and the base model.");
    }

    /// <summary>Trains on rows that were read, and gathers what the model needs.</summary>
    public LoraModel Train(TrainingData data)
    {
        LoraModel model = TrainWhole(data);

        // Going on from a model, its ranks stay.
        return _options.Rank.IsAuto && data.Previous is null
            ? RankChoice.Cut(model, text => _reporter.Tell(text, warning: false))
            : model;
    }

    private LoraModel TrainWhole(TrainingData data)
    {
        HeadSpec head = Head(data.Labels.Count);
        using ITrainingSession session = Begin(head, data, out TrainingPlan plan);
        TrainingOutcome outcome = Train(session, plan, data);
        _reporter.Finished(outcome, data);
        return new LoraModel(
            new ModelContents
            {
                Columns = new ColumnNames(_options.TextColumnName, _options.TextPairColumnName,
                    _options.LabelColumnName, _options.ScoreColumnName, _options.PredictedLabelColumnName),
                Labels = data.Labels,
                MaxTokens = data.MaxTokens,
                FineTuning = _settings.FineTuning,
                AdapterConfig = session.Facts.ExportedAdapter,
                Adapter = outcome.State,
                Head = head,
                BaseFiles = _files,
                BaseOrigin = _settings.BaseModel.Origin,
                ArchivesBase = _options.SaveBaseModel,
                TotalParameters = session.Facts.TotalParameters,
                Training = new TrainingRecord
                {
                    Seed = _seed,
                    Examples = data.Training.Count,
                    ValidationExamples = data.Validation.Count,
                    MissingLabels = data.MissingLabels,
                    Truncated = data.Truncated,
                    TruncatedShare = (double)data.Truncated / data.Labelled,
                    LearningRate = outcome.LearningRate,
                    DivergedAtStep = outcome.DivergedAtStep,
                    BestEpoch = outcome.BestEpoch,
                    Epochs = outcome.History,
                },
            },
            _settings.Threads);
    }

    /// <summary>A session ready for its first step.</summary>
    private ITrainingSession Begin(HeadSpec head, TrainingData data, out TrainingPlan plan)
    {
        bool pairs = _settings.LearnsFromPairs(data.Training.Count, data.Labels.Count, goesOn: data.Previous is not null)
            ?? LeavesMuchToLearn(head, data);
        TrainingRecipe recipe = Recipe(data, pairs);
        plan = Plan(recipe) with { PairHead = pairs ? HeadFit(data, ClassWeights(data)) : null };
        ITrainingSession session = Open(head, data, recipe);
        try
        {
            _reporter.Starting(data.Training.Count, data.Validation.Count, data.Labels.Count, session.Facts, _seed);
            Start(session, data, plan);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    // Whether the untouched base hardly tells the rows' classes apart.
    private bool LeavesMuchToLearn(HeadSpec head, TrainingData data)
    {
        using ITrainingSession untouched = Open(head, data, Recipe(data, pairs: false));
        double told = LinearProbe.HeldOutAccuracy(untouched, data.Training, HeadFit(data, classWeights: null));
        _reporter.Tell(string.Create(CultureInfo.InvariantCulture,
            $"Of rows set aside, a regression on the untouched base tells {100 * told:F0}%."), warning: false);
        return told < TrainingRecipe.EnoughFromBase;
    }

    private void Start(ITrainingSession session, TrainingData data, TrainingPlan plan)
    {
        if (data.Previous is { } previous)
        {
            previous.Start(session, data.Labels);
            _reporter.Tell("Going on from the previous model's adapter and head.", warning: false);
        }
        else if (plan.PairHead is not null)
        {
            _reporter.Tell("Learning from pairs of rows; the head is a regression on what comes of it.", warning: false);
        }
        else if (_options.LinearProbe ?? TrainingRecipe.StartsFromProbe(data.Training.Count, data.Labels.Count))
        {
            LinearProbe.StartHead(session, data.Training, HeadFit(data, classWeights: null));
        }
    }

    private HeadFit HeadFit(TrainingData data, float[]? classWeights) =>
        new(data.Labels.Count, _encoder.HiddenSize, classWeights, _settings.Threads);

    private float[]? ClassWeights(TrainingData data) => _options.ClassWeights?.Of(data.Labels, data.Training);

    private TrainingPlan Plan(TrainingRecipe recipe) => new()
    {
        Epochs = _options.Epochs ?? recipe.Epochs,
        BatchSize = _options.BatchSize ?? recipe.BatchSize,
        BatchesPerStep = _options.GradientAccumulation,
        LearningRate = recipe.LearningRate,
        Schedule = _settings.Schedule,
        WarmupFraction = _settings.Warmup,
        AveragedShare = _options.WeightAveraging,
        Patience = _options.EarlyStoppingPatience,
        Seed = _seed,
        RetryAtLowerRate = _options.RetryAtLowerRate,
        ReturnBestOnCancel = _options.ReturnBestOnCancel,
    };

    private TrainingOutcome Train(ITrainingSession session, TrainingPlan plan, TrainingData data)
    {
        var scorer = new ValidationScorer(data.Validation, data.Labels.Count, _options.ValidationMetric,
            isRough: _options.ValidationSet is null && _options.ValidationFraction is null);
        using RunFolder? folder = _options.CheckpointFolder is { } path ? RunFolder.Open(Path.GetFullPath(path)) : null;
        var loop = new TrainingLoop(
            session, plan, data.Validation.Count == 0 ? null : scorer.Score, Report, _options.CancellationToken)
        {
            Keeper = folder is null ? null : new RunKeeper(folder, RunFacts.Of(_options, data, _files, _seed),
                _options.CheckpointSteps, _options.CheckpointInterval, _reporter.Tell),
            Warn = _reporter.Warn,
        };
        return loop.Run(data.Training);
    }

    private TrainingRecipe Recipe(TrainingData data, bool pairs)
    {
        TrainingRecipe recipe = pairs
            ? TrainingRecipe.ForPairs(data.Training.Count, data.Labels.Count, _encoder.HiddenSize)
            : TrainingRecipe.For(data.Training.Count, data.Labels.Count, _encoder.HiddenSize);
        return recipe with { LearningRate = _settings.LearningRate(recipe, _encoder.HiddenSize) };
    }

    private void Report(TrainingProgress progress)
    {
        MLNetAccess.CheckAlive(_host);
        _reporter.Report(progress);
    }

    private ITrainingSession Open(HeadSpec head, TrainingData data, TrainingRecipe recipe)
    {
        var spec = new SessionSpec
        {
            Base = _files,
            Shared = Shared,
            FineTuning = _settings.FineTuning,
            Adapter = _options.Rank.IsAuto && data.Previous is { } previous ? previous.WithItsRanks(_adapter) : _adapter,
            Head = head,
            HiddenDropout = _options.BaseDropout ? _encoder.HiddenDropout : 0,
            AttentionDropout = _options.BaseDropout ? _encoder.AttentionDropout : 0,
            Loss = _settings.Loss with { ClassWeights = ClassWeights(data) },
            Penalty = _settings.Penalty,
            Optimizer = _settings.Optimizer(recipe.LearningRate),
            RecomputesActivations = _options.RecomputeActivations,
            Seed = (ulong)(uint)_seed,
            Threads = _settings.Threads,
        };
        return ComputeProviders.Default.Open(spec);
    }

    private HeadSpec Head(int classes) => new()
    {
        Outputs = classes,
        Dropout = _options.HeadDropout ?? (_options.BaseDropout ? _encoder.HiddenDropout : 0),
        Pooling = _settings.PoolingOf(_files),
    };
}
