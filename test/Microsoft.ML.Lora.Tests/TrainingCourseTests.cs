using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Runtime;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>What a user sees of a training run, and how it can be stopped.</summary>
public sealed class TrainingCourseTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly CancellationTokenSource _cancellation = new();

    private sealed class Listener(Action<LoraTrainingProgress> report) : IProgress<LoraTrainingProgress>
    {
        public List<LoraTrainingProgress> Reports { get; } = [];

        public void Report(LoraTrainingProgress value)
        {
            Reports.Add(value);
            report(value);
        }
    }

    public void Dispose() => _cancellation.Dispose();

    [Fact]
    public void Progress_reports_every_step_and_every_epoch()
    {
        var listener = new Listener(_ => { });
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 2);
        options.Progress = listener;
        options.ValidationSet = Toy.View(_context, 12);
        using LoraTransformer model = Toy.Train(_context, options);

        Assert.Equal(2 * 8 + 2, listener.Reports.Count);
        Assert.Equal(2, listener.Reports.Count(r => r.IsEndOfEpoch));
        LoraTrainingProgress last = listener.Reports[^1];
        Assert.Equal((2, 2, 16, 16), (last.Epoch, last.Epochs, last.Step, last.Steps));
        Assert.Equal(model.Model.History[1].ValidationAccuracy, last.ValidationAccuracy);
        Assert.Equal(model.Model.History[1].ValidationLoss, last.ValidationLoss);
        Assert.Equal(model.Model.History[1].Loss, last.Loss);
        Assert.True(last.TokensPerSecond > 0);
        Assert.Contains("epoch 2/2, step 16/16: loss ", last.ToString());
        Assert.Contains("accuracy ", last.ToString());
        Assert.Equal(12, model.Model.ValidationRows);
    }

    [Fact]
    public void The_log_tells_rows_parameters_epochs_and_the_epoch_kept()
    {
        var messages = new List<(ChannelMessageKind Kind, string Source, string Text)>();
        _context.Log += (_, e) => messages.Add((e.Kind, e.Source, e.RawMessage));
        using LoraTransformer model = Toy.Train(_context, Toy.Options(epochs: 2));

        List<string> texts = [.. messages.Where(m => m.Kind == ChannelMessageKind.Info
            && m.Source == "LoraTextClassificationTrainer; Training").Select(m => m.Text)];
        Assert.Equal(
            $"Training on 60 rows, validating on 0, 3 classes; {model.Model.TrainableParameters} of " +
            $"{model.Model.TotalParameters} parameters are trained; seed 1.", texts[0]);
        Assert.StartsWith("epoch 1/2, ", texts[1]);
        Assert.StartsWith("epoch 2/2, ", texts[2]);
        Assert.Equal("The model is that of epoch 2 of 2.", texts[3]);
    }

    [Fact]
    public void Cut_texts_are_counted_and_reported()
    {
        var messages = new List<string>();
        _context.Log += (_, e) => messages.Add(e.RawMessage);
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.MaxTokens = 5;
        using LoraTransformer model = Toy.Train(_context, options);

        long cut = Toy.Rows(60).LongCount(row => row.Text!.Split(' ').Length > 3);
        Assert.Equal(cut, model.Model.TruncatedRows);
        Assert.Equal(cut / 60.0, model.Model.TruncatedShare);
        Assert.Contains(messages, m => m.StartsWith($"{cut} of 60 texts (", StringComparison.Ordinal)
            && m.EndsWith("were cut to 5 tokens.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_part_of_enough_rows_is_held_back()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        using LoraTransformer model =
            _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context, 600));
        Assert.Equal((540, 60), (model.Model.TrainingRows, model.Model.ValidationRows));
        Assert.NotNull(model.Model.History[0].ValidationAccuracy);

        options.ValidationFraction = 0;
        using LoraTransformer all =
            _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context, 600));
        Assert.Equal((600, 0), (all.Model.TrainingRows, all.Model.ValidationRows));
    }

    [Fact]
    public void Patience_stops_early()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 40);
        options.ValidationSet = Toy.View(_context, 12);
        options.EarlyStoppingPatience = 1;
        options.LearningRate = 1e-9f;
        using LoraTransformer model = Toy.Train(_context, options);
        Assert.InRange(model.Model.History.Count, 2, 39);
        Assert.Equal(model.Model.History.Count - 1, model.Model.BestEpoch);
    }

    [Fact]
    public void Averaging_weights_changes_the_model_and_nothing_of_the_way_there()
    {
        IDataView rows = Toy.View(_context);
        (float[] Scores, double[] Losses) Train(float averaging)
        {
            LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 2);
            options.WeightAveraging = averaging;
            using LoraTransformer model = Toy.Train(_context, options);
            return (Toy.Scores(model.Transform(rows)), [.. model.Model.History.Select(epoch => epoch.Loss)]);
        }
        (float[] last, double[] losses) = Train(0);
        (float[] lastStep, _) = Train(1f / 16);
        (float[] mean, double[] sameLosses) = Train(0.5f);

        Assert.Equal(losses, sameLosses);
        Assert.Equal(last, lastStep);
        Assert.NotEqual(last, mean);
    }

    [Fact]
    public void Cancelling_stops_and_leaves_the_context_usable()
    {
        Assert.Throws<OperationCanceledException>(() => Toy.Train(_context, CancelledAt(3)));
        Toy.Train(_context, Toy.Options(epochs: 1)).Dispose();
    }

    [Fact]
    public void Cancelling_returns_the_best_so_far_when_asked()
    {
        LoraTextClassificationTrainer.Options options = CancelledAt(10);
        options.ReturnBestOnCancel = true;
        using LoraTransformer cut = Toy.Train(_context, options);
        Assert.Equal(1, cut.Model.BestEpoch);
        Assert.Single(cut.Model.History);
        Assert.Equal(180, Toy.Scores(cut.Transform(Toy.View(_context))).Length);
    }

    [Fact]
    public void A_rate_far_too_high_stops_with_what_to_change()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 5);
        options.LearningRate = 1e30f;
        string message = Assert.Throws<InvalidOperationException>(() => Toy.Train(_context, options)).Message;
        Assert.Contains("Lower LearningRate", message);
    }

    [Fact]
    public void A_rate_too_high_begins_anew_at_a_lower_one_when_allowed()
    {
        var messages = new List<string>();
        _context.Log += (_, e) => messages.Add(e.RawMessage);
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 3);
        options.LearningRate = 2e3f;
        options.RetryAtLowerRate = true;
        using LoraTransformer model = Toy.Train(_context, options);

        Assert.Equal(2e2f, model.Model.LearningRate);
        Assert.NotNull(model.Model.DivergedAtStep);
        Assert.Equal(3, model.Model.History.Count);
        Assert.Contains(messages, m => m.Contains("begins anew, once, at learning rate 200", StringComparison.Ordinal));
        options.LearningRate = 2e2f;
        using LoraTransformer lower = Toy.Train(_context, options);
        Assert.Equal(lower.Model.History.Select(e => e.Loss), model.Model.History.Select(e => e.Loss));
        Assert.Null(lower.Model.DivergedAtStep);
    }

    [Theory]
    [InlineData(LoraValidationMetric.Accuracy)]
    [InlineData(LoraValidationMetric.MacroF1)]
    [InlineData(LoraValidationMetric.LogLoss)]
    [InlineData(LoraValidationMetric.MatthewsCorrelation)]
    public void The_metric_named_picks_the_epoch(LoraValidationMetric metric)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 6);
        options.ValidationSet = Toy.View(_context, 24);
        options.ValidationMetric = metric;
        options.LearningRate = 2e-2f;
        using LoraTransformer model = Toy.Train(_context, options);

        Func<LoraEpoch, double?> goodness = metric switch
        {
            LoraValidationMetric.MacroF1 => epoch => epoch.ValidationMacroF1,
            LoraValidationMetric.LogLoss => epoch => -epoch.ValidationLoss,
            LoraValidationMetric.MatthewsCorrelation => epoch => epoch.ValidationMatthewsCorrelation,
            _ => epoch => epoch.ValidationAccuracy,
        };
        LoraEpoch best = model.Model.History.OrderByDescending(goodness).ThenBy(epoch => epoch.ValidationLoss).First();
        Assert.Equal(best.Epoch, model.Model.BestEpoch);
    }

    [Fact]
    public void Predicting_one_class_alone_is_warned_of()
    {
        var warnings = new List<string>();
        _context.Log += (_, e) =>
        {
            if (e.Kind == ChannelMessageKind.Warning)
            {
                warnings.Add(e.RawMessage);
            }
        };
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        List<Toy.Row> rows = Toy.Rows(24);
        rows.ForEach(row => row.Text = "the same for all");
        options.ValidationSet = Toy.View(_context, rows);
        using LoraTransformer model = Toy.Train(_context, options);
        Assert.Matches(
            "^The model predicts '(refund|parcel|login)' for every one of the 24 validation rows", Assert.Single(warnings));
    }

    private LoraTextClassificationTrainer.Options CancelledAt(int step)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 3);
        options.CancellationToken = _cancellation.Token;
        options.Progress = new Listener(report =>
        {
            if (report.Step == step)
            {
                _cancellation.Cancel();
            }
        });
        return options;
    }
}
