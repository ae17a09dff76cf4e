using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Tokenization;
using Microsoft.ML.Lora.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora;

/// <summary>One run of the trainer: from a view's rows to a model.</summary>
internal sealed class TrainingRun
{
    private const int FewestRowsToHoldBack = 500;
    private const int DefaultMaxTokens = 128;

    private readonly IHost _host;
    private readonly TrainerSettings _settings;
    private readonly LoraTextClassificationTrainer.Options _options;
    private readonly TrainingReporter _reporter;
    private readonly int _seed;
    private readonly BaseModelFiles _files;
    private readonly EncoderConfig _encoder;
    private readonly int _maxTokens;

    public TrainingRun(IHost host, TrainerSettings settings, TrainingReporter reporter, int seed)
    {
        _host = host;
        _settings = settings;
        _options = settings.Options;
        _reporter = reporter;
        _seed = seed;
        _files = settings.BaseModel.Origin.Open(reporter, _options.CancellationToken);
        _encoder = EncoderConfig.Read(_files.ReadConfig());
        _maxTokens = MaxTokens();
    }

    /// <summary>Reads the rows, trains, and gathers what the model needs.</summary>
    public LoraModel Run(IDataView input)
    {
        LabelSet labels = CheckSchema(input.Schema);
        LabelledRowReader reader = CreateReader();
        LabelledRows rows = reader.Read(input, labels.Count, _options.CancellationToken);
        _reporter.RowsRead(rows, _maxTokens);
        CheckRows(rows, labels);
        (IReadOnlyList<EncodedExample> training, IReadOnlyList<EncodedExample> validation) =
            Split(rows.Examples, reader, labels);
        HeadSpec head = Head(labels.Count);
        using ITrainingSession session = Open(head);
        _reporter.Starting(training.Count, validation.Count, labels.Count, session.Facts, _seed);
        TrainingOutcome outcome = Train(session, training, validation, labels.Count);
        _reporter.Finished(outcome);
        return new LoraModel(
            new ModelContents
            {
                Columns = new ColumnNames(_options.TextColumnName, _options.TextPairColumnName,
                    _options.LabelColumnName, _options.ScoreColumnName, _options.PredictedLabelColumnName),
                Labels = labels,
                MaxTokens = _maxTokens,
                AdapterConfig = _settings.Adapter,
                Adapter = outcome.State,
                Head = head,
                BaseFiles = _files,
                BaseOrigin = _settings.BaseModel.Origin,
                ArchivesBase = _options.SaveBaseModel,
                TotalParameters = session.Facts.TotalParameters,
                Training = new TrainingRecord
                {
                    Seed = _seed,
                    Examples = training.Count,
                    ValidationExamples = validation.Count,
                    MissingLabels = rows.MissingLabels,
                    Truncated = rows.Truncated,
                    BestEpoch = outcome.BestEpoch,
                    Epochs = outcome.History,
                },
            },
            _settings.Threads);
    }

    private LabelSet CheckSchema(DataViewSchema schema)
    {
        _settings.Inputs.Check(_host, MLNetAccess.ShapeOf(schema));
        LabelSet labels = LabelColumn.ReadLabels(_host, schema[_settings.Inputs.Label]);
        if (_options.ValidationSet is { } validationSet)
        {
            _settings.Inputs.Check(_host, MLNetAccess.ShapeOf(validationSet.Schema));
            LabelSet others = LabelColumn.ReadLabels(_host, validationSet.Schema[_settings.Inputs.Label]);
            if (!labels.IsSameAs(others))
            {
                throw MLNetAccess.BadArgument(_host, nameof(_options.ValidationSet),
                    $"The label column '{_settings.Inputs.Label}' of the validation set stands for other classes " +
                    "than that of the training rows: transform both by the same fitted MapValueToKey.");
            }
        }
        return labels;
    }

    private LabelledRowReader CreateReader()
    {
        TextEncoder encoder = TextEncoder.Load(_files);
        return new LabelledRowReader(
            _host, _settings.Inputs, (text, pair) => encoder.Encode(text, pair, _maxTokens), _settings.Threads);
    }

    private void CheckRows(LabelledRows rows, LabelSet labels)
    {
        if (rows.Examples.Count == 0)
        {
            throw MLNetAccess.BadState(_host, "Training set has 0 instances, aborting training." +
                (rows.RowsRead > 0 ? $" All {rows.RowsRead} rows lack a label in '{_settings.Inputs.Label}'." : ""));
        }
        int first = rows.Examples[0].ClassIndex;
        if (rows.Examples.All(example => example.ClassIndex == first))
        {
            throw MLNetAccess.BadState(_host,
                $"All {rows.Examples.Count} training rows with a label have the same one, '{labels.NameOf(first)}': " +
                "there is nothing to tell apart.");
        }
    }

    private (IReadOnlyList<EncodedExample> Training, IReadOnlyList<EncodedExample> Validation) Split(
        IReadOnlyList<EncodedExample> examples, LabelledRowReader reader, LabelSet labels)
    {
        if (_options.ValidationSet is { } validationSet)
        {
            LabelledRows rows = reader.Read(validationSet, labels.Count, _options.CancellationToken);
            return rows.Examples.Count > 0
                ? (examples, rows.Examples)
                : throw MLNetAccess.BadArgument(_host, nameof(_options.ValidationSet), "No row of it has a label.");
        }
        if (_options.ValidationFraction == 0 || examples.Count < FewestRowsToHoldBack)
        {
            return (examples, []);
        }
        (int[] training, int[] validation) = StratifiedSplit.Of(
            [.. examples.Select(example => example.ClassIndex)], _options.ValidationFraction, _seed);
        return ([.. training.Select(i => examples[i])], [.. validation.Select(i => examples[i])]);
    }

    private TrainingOutcome Train(ITrainingSession session, IReadOnlyList<EncodedExample> training,
        IReadOnlyList<EncodedExample> validation, int classes)
    {
        var plan = new TrainingPlan
        {
            Epochs = _options.Epochs,
            BatchSize = _options.BatchSize,
            LearningRate = _options.LearningRate ?? DefaultLearningRate(),
            WarmupFraction = _options.WarmupFraction,
            Patience = _options.EarlyStoppingPatience,
            Seed = _seed,
            ReturnBestOnCancel = _options.ReturnBestOnCancel,
        };
        int[] truth = [.. validation.Select(example => example.ClassIndex)];
        Func<ITrainingSession, ValidationScore>? validate = validation.Count == 0 ? null : current =>
        {
            float[] scores = Evaluator.Logits(current, validation, classes);
            Probabilities.FromLogits(scores, classes);
            ClassificationMetrics metrics = ClassificationMetrics.Of(scores, truth, classes);
            return new ValidationScore(metrics.LogLoss, metrics.Accuracy);
        };
        return new TrainingLoop(session, plan, validate, Report, _options.CancellationToken).Run(training);
    }

    private void Report(TrainingProgress progress)
    {
        MLNetAccess.CheckAlive(_host);
        _reporter.Report(progress);
    }

    private ITrainingSession Open(HeadSpec head) => ComputeProviders.Default.Open(new SessionSpec
    {
        Base = _files,
        Adapter = _settings.Adapter,
        Head = head,
        Optimizer = new OptimizerSpec
        {
            WeightDecay = _options.WeightDecay,
            MaxGradientNorm = float.IsFinite(_options.MaxGradientNorm) ? _options.MaxGradientNorm : 0,
        },
        Seed = (ulong)(uint)_seed,
        Threads = _settings.Threads,
    });

    private HeadSpec Head(int classes) => new()
    {
        Outputs = classes,
        Pooling = _options.Pooling switch
        {
            LoraPooling.Mean => Pooling.Mean,
            LoraPooling.FirstToken => Pooling.FirstToken,
            LoraPooling.FamilyHead => Pooling.FamilyHead,
            _ => CheckpointPooling.Of(_files),
        },
    };

    private int MaxTokens()
    {
        if (_options.MaxTokens > _encoder.MaxTokens)
        {
            throw MLNetAccess.BadArgument(_host, nameof(_options.MaxTokens),
                $"MaxTokens is {_options.MaxTokens}, and the base model in '{_files.Description}' takes " +
                $"{_encoder.MaxTokens} tokens at most.");
        }
        return _options.MaxTokens ?? Math.Min(DefaultMaxTokens, _encoder.MaxTokens);
    }

    // About ten times what suits full fine-tuning; smaller encoders take more.
    private float DefaultLearningRate() => _encoder.HiddenSize switch
    {
        <= 512 => 1e-3f,
        < 1024 => 3e-4f,
        _ => 2e-4f,
    };
}
