using Microsoft.ML.Data;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;
using Options = Microsoft.ML.Lora.LoraTextClassificationTrainer.Options;

namespace Microsoft.ML.Lora.Tests;

/// <summary>Learning from pairs of rows as a user meets it: where it is the default, what it learns, what does not go with it.</summary>
public sealed class ContrastiveTests : IDisposable
{
    private const string Told = "Learning from pairs of rows; the head is a regression on what comes of it.";

    private readonly MLContext _context = new(seed: 1);
    private readonly CancellationTokenSource _cancellation = new();
    private readonly List<string> _log = [];

    public ContrastiveTests() => _context.Log += (_, e) => _log.Add(e.RawMessage);

    private sealed class Weighted
    {
        public string Text { get; set; } = "";

        public string Label { get; set; } = "";

        public float Weight { get; set; }
    }

    private sealed class Canceller(CancellationTokenSource cancellation, int step) : IProgress<LoraTrainingProgress>
    {
        public void Report(LoraTrainingProgress value)
        {
            if (value.Step == step)
            {
                cancellation.Cancel();
            }
        }
    }

    public void Dispose() => _cancellation.Dispose();

    public static TheoryData<string> OutputOptions => [.. _outputOptions.Keys];

    private static readonly Dictionary<string, Action<Options>> _outputOptions = new()
    {
        ["Epochs"] = options => options.Epochs = 1,
        ["LinearProbe"] = options => options.LinearProbe = false,
        ["LabelSmoothing"] = options => options.LabelSmoothing = 0.1f,
        ["HeadDropout"] = options => options.HeadDropout = 0,
        ["HeadLearningRate"] = options => options.HeadLearningRate = 1e-3f,
        ["Full"] = options => options.FineTuning = LoraFineTuning.Full,
        ["HeadOnly"] = options => options.FineTuning = LoraFineTuning.HeadOnly,
        ["CrossEntropy"] = options => options.Loss = LoraLoss.CrossEntropy,
    };

    [Fact]
    public void Few_rows_that_the_base_does_not_tell_apart_are_learned_from_by_pairs()
    {
        using LoraTransformer model = _context.MulticlassClassification.Trainers.Lora(Open()).Fit(Hard());
        Assert.Contains(Told, _log);
        Assert.Contains(_log, text => text.StartsWith("Of rows set aside, a regression on the untouched base tells "));
        Assert.Equal(40, model.Model.History.Count);
    }

    [Fact]
    public void Few_rows_that_the_base_tells_apart_are_not()
    {
        Train(60, options => options.Loss = null).Dispose();
        Assert.Contains(_log, text => text.StartsWith("Of rows set aside, a regression on the untouched base tells "));
        Assert.DoesNotContain(Told, _log);
    }

    [Fact]
    public void Pairs_of_few_rows_teach_to_tell_them_apart()
    {
        using LoraTransformer model = Train(24, _ => { });
        Assert.True(model.Model.History[^1].Loss < 0.5 * model.Model.History[0].Loss);
        Assert.True(Accuracy(model, 60) > 0.9);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(99)]
    public void Hardly_any_rows_and_many_are_not(int rows)
    {
        Train(rows, options => options.Loss = null).Dispose();
        Assert.DoesNotContain(Told, _log);
    }

    [Theory]
    [MemberData(nameof(OutputOptions))]
    public void What_speaks_for_a_trained_output_layer_turns_it_off(string option)
    {
        Options options = Open();
        _outputOptions[option](options);
        _context.MulticlassClassification.Trainers.Lora(options).Fit(Hard()).Dispose();
        Assert.DoesNotContain(Told, _log);
    }

    [Fact]
    public void Contradictions_are_refused()
    {
        string message = Assert.Throws<ArgumentException>(() => Train(24, options =>
        {
            options.FineTuning = LoraFineTuning.HeadOnly;
            options.LinearProbe = false;
            options.HeadDropout = 0.1f;
            options.HeadLearningRate = 1e-3f;
            options.LabelSmoothing = 0.1f;
            options.FocalGamma = 1;
        })).Message;
        Assert.Contains(
            "there is nothing to do for FineTuning HeadOnly, LinearProbe false, HeadDropout, HeadLearningRate", message);
        Assert.Contains("LabelSmoothing is for Loss CrossEntropy, and Loss is Contrastive", message);
        Assert.Contains("FocalGamma is for Loss Focal, and Loss is Contrastive", message);
    }

    [Fact]
    public void Going_on_from_a_model_keeps_its_head()
    {
        using LoraTransformer first = Train(24, options => options.Epochs = 2);
        Options options = Options.GoingOnFrom(first.Model);
        options.NumberOfThreads = 1;
        _log.Clear();
        _context.MulticlassClassification.Trainers.Lora(options).Fit(Hard(), first).Dispose();
        Assert.DoesNotContain(Told, _log);
        options.Loss = LoraLoss.Contrastive;
        LoraTextClassificationTrainer trainer = _context.MulticlassClassification.Trainers.Lora(options);
        Assert.Contains("Loss is Contrastive, which fits a head anew",
            Assert.Throws<ArgumentException>(() => trainer.Fit(Toy.View(_context, 24), first)).Message);
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        using LoraTransformer one = Train(24, options => options.Epochs = 3);
        using LoraTransformer three = Train(24, options => (options.Epochs, options.NumberOfThreads) = (3, 3));
        foreach ((string name, AdapterTensor tensor) in one.Model.Contents.Adapter.Tensors)
        {
            Assert.Equal(tensor.Values, three.Model.Contents.Adapter[name].Values);
        }
    }

    [Fact]
    public void Classes_of_a_single_row_and_pairs_of_texts_are_learned()
    {
        IDataView data = Toy.View(_context, [.. Toy.Rows(13), new Toy.Row { Text = "thanks great", Pair = "good", Label = "praise" }]);
        Options options = Contrastive();
        options.TextPairColumnName = "Pair";
        using LoraTransformer model = _context.MulticlassClassification.Trainers.Lora(options).Fit(data);
        Assert.Equal(4, model.Model.Labels.Count);
        Assert.True(Accuracy(model, data) > 0.9);
    }

    [Fact]
    public void Rows_without_weight_change_nothing_of_the_head()
    {
        Options options = Contrastive();
        options.ExampleWeightColumnName = "Weight";
        List<Weighted> rows = [.. Toy.Rows(30).Select((row, i) => new Weighted
        {
            Text = row.Text!,
            Label = i < 24 ? row.Label! : "refund",
            Weight = i < 24 ? 1 : 0,
        })];
        IDataView view = _context.Data.LoadFromEnumerable(rows);
        IDataView data = _context.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
        using LoraTransformer model = _context.MulticlassClassification.Trainers.Lora(options).Fit(data);
        Assert.True(Accuracy(model, 24) > 0.9);
    }

    [Fact]
    public void Validation_scores_a_head_fitted_every_epoch()
    {
        using LoraTransformer model = Train(24, options =>
        {
            options.Epochs = 4;
            options.ValidationSet = Toy.View(_context, 30);
        });
        Assert.All(model.Model.History, epoch => Assert.True(epoch.ValidationAccuracy > 0.5));
        Assert.Equal(model.Model.History[model.Model.BestEpoch - 1].ValidationAccuracy!.Value, Accuracy(model, 30), 6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_cancelled_run_gives_a_model_with_a_fitted_head(int step)
    {
        using LoraTransformer model = Train(48, options =>
        {
            options.BatchSize = 16;
            options.CancellationToken = _cancellation.Token;
            options.ReturnBestOnCancel = true;
            options.Progress = new Canceller(_cancellation, step);
        });
        Assert.Equal(step == 1 ? 0 : 1, model.Model.BestEpoch);
        Assert.True(Accuracy(model, 48) > 0.8);
    }

    [Fact]
    public void Ranks_rates_and_trials_are_searched_for()
    {
        using LoraTransformer ranked = Train(24, options => (options.Rank, options.Epochs) = (LoraRank.Auto, 5));
        Assert.True(Accuracy(ranked, 24) > 0.8);
        LoraLearningRateCurve curve = _context.MulticlassClassification.Trainers.Lora(Contrastive())
            .FindLearningRate(Toy.View(_context, 24), steps: 30);
        Assert.True(curve.Lowest.SmoothedLoss < curve.Points[0].SmoothedLoss);
        Options shared = Toy.Options(epochs: 2);
        shared.ValidationSet = Toy.View(_context, 12);
        LoraTuning tuning = _context.MulticlassClassification.Trainers.LoraTuner(shared)
            .Try(nameof(Options.Loss), LoraLoss.Contrastive, LoraLoss.CrossEntropy, null).Grid(Toy.View(_context, 24));
        using LoraTransformer best = tuning.Model;
        Assert.Equal(3, tuning.Trials.Count);
        Assert.Equal(tuning.Trials[1].Metric, tuning.Trials[2].Metric);
    }

    private static Options Contrastive()
    {
        Options options = Toy.Options();
        options.Epochs = null;
        options.BatchSize = null;
        options.Loss = LoraLoss.Contrastive;
        return options;
    }

    private static Options Open()
    {
        Options options = Contrastive();
        options.Loss = null;
        return options;
    }

    // The same texts under every label in turn: nothing tells the labels apart.
    private IDataView Hard() => Toy.View(_context, [.. Toy.Rows(24).Select((row, i) => new Toy.Row
    {
        Text = Toy.Rows(1)[0].Text + new string('!', 1 + (i % 4)),
        Label = row.Label,
    })]);

    private LoraTransformer Train(int rows, Action<Options> change)
    {
        Options options = Contrastive();
        change(options);
        return _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context, rows));
    }

    private double Accuracy(LoraTransformer model, int rows) => Accuracy(model, Toy.View(_context, rows));

    private double Accuracy(LoraTransformer model, IDataView data) =>
        _context.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy;
}
