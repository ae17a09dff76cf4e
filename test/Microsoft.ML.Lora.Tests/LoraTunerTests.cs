using Microsoft.ML.Lora.Tests.Support;
using Xunit;
using Options = Microsoft.ML.Lora.LoraTextClassificationTrainer.Options;

namespace Microsoft.ML.Lora.Tests;

/// <summary>Tuning: which combinations are tried, which is the best, and what is refused, cancelled or gone on with.</summary>
public sealed class LoraTunerTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly CancellationTokenSource _cancellation = new();

    private sealed class Told<T>(Action<T> tell) : IProgress<T>
    {
        public void Report(T value) => tell(value);
    }

    public void Dispose() => _cancellation.Dispose();

    [Fact]
    public void A_grid_tries_every_combination_and_returns_the_best_model()
    {
        var told = new List<LoraTrial>();
        LoraTuning tuning = Tuner()
            .Try(nameof(Options.Rank), 1, 4)
            .Try(nameof(Options.LearningRate), 1e-6, 1e-2f, null)
            .Grid(Toy.View(_context), new Told<LoraTrial>(told.Add));
        using LoraTransformer model = tuning.Model;

        Assert.Equal(
            [(1, 1e-6f), (1, 1e-2f), (1, null), (4, 1e-6f), (4, 1e-2f), (4, (float?)null)],
            tuning.Trials.Select(trial => (RankOf(trial), (float?)trial.Options["LearningRate"])));
        Assert.Equal(tuning.Trials, told);
        Assert.Equal([1, 2, 3, 4, 5, 6], tuning.Trials.Select(trial => trial.Number));
        Assert.All(tuning.Trials, trial => Assert.Equal(
            trial.History.Max(epoch => epoch.ValidationAccuracy), trial.Metric));
        Assert.Equal(tuning.Trials.Max(trial => trial.Metric), tuning.Best.Metric);
        Assert.Equal(RankOf(tuning.Best), model.Model.Rank);
        Assert.Equal(tuning.Best.History, model.Model.History);
        Assert.True(tuning.Trials[3].TrainableParameters > tuning.Trials[0].TrainableParameters);
        Assert.Equal(180, Toy.Scores(model.Transform(Toy.View(_context))).Length);
        Assert.StartsWith("by Accuracy\ntrial ", tuning.ToString());
    }

    // Each trial comes after others that train more or fewer layers, or change the base's weights.
    [Fact]
    public void Trials_give_what_the_trainer_gives()
    {
        Options options = Base();
        options.LinearProbe = true;
        LoraTuning tuning = _context.MulticlassClassification.Trainers.LoraTuner(options)
            .Try(nameof(Options.LearningRate), 1e-7, 5e-3)
            .Try(nameof(Options.Initialization), LoraInitialization.Kaiming, LoraInitialization.Pissa)
            .Try(nameof(Options.LayersToTransform), [new[] { 1 }, null])
            .Try(nameof(Options.Rank), 2, 4, LoraRank.Auto)
            .Grid(Toy.View(_context));
        Assert.Equal(24, tuning.Trials.Count);
        foreach (LoraTrial trial in tuning.Trials)
        {
            using LoraTransformer trained = Toy.Train(_context, With(trial));
            Assert.Equal(trained.Model.History.Select(WithoutTime), trial.History.Select(WithoutTime));
            Assert.Equal(trained.Model.TrainableParameters, trial.TrainableParameters);
        }

        using LoraTransformer best = Toy.Train(_context, With(tuning.Best));
        using LoraTransformer tuned = tuning.Model;
        Assert.Equal(Toy.Scores(best.Transform(Toy.View(_context))), Toy.Scores(tuned.Transform(Toy.View(_context))));

        LoraEpoch WithoutTime(LoraEpoch epoch) => epoch with { Seconds = 0 };

        Options With(LoraTrial trial)
        {
            Options own = TrainerSettings.Copy(options);
            foreach ((string name, object? value) in trial.Options)
            {
                TunedOption.Set(own, name, value);
            }
            return own;
        }
    }

    [Theory]
    [InlineData(LoraFineTuning.HeadOnly)]
    [InlineData(LoraFineTuning.Full)]
    public void The_best_of_several_trials_is_the_model_that_the_trainer_gives(LoraFineTuning what)
    {
        Options options = Base();
        (options.FineTuning, options.LinearProbe) = (what, false);
        LoraTuning tuning = _context.MulticlassClassification.Trainers.LoraTuner(options)
            .Try(nameof(Options.LearningRate), 1e-9, 1e-8, 5e-3).Grid(Toy.View(_context));
        options.LearningRate = (float)tuning.Best.Options["LearningRate"]!;
        using LoraTransformer trained = Toy.Train(_context, options);
        using LoraTransformer tuned = tuning.Model;
        Assert.Equal(3, tuning.Best.Number);
        Assert.Equal(Toy.Scores(trained.Transform(Toy.View(_context))), Toy.Scores(tuned.Transform(Toy.View(_context))));
    }

    [Fact]
    public void Random_trials_keep_to_their_ranges_and_to_the_seed()
    {
        LoraTuning Draw() => Tuner(epochs: 1)
            .TryBetween(nameof(Options.LearningRate), 1e-5, 1e-1, logarithmic: true)
            .TryBetween(nameof(Options.Rank), 1, 6)
            .Try(nameof(Options.Schedule), LoraSchedule.Linear, LoraSchedule.Cosine)
            .Random(Toy.View(_context), trials: 8);
        LoraTuning tuning = Draw();

        Assert.Equal(8, tuning.Trials.Count);
        Assert.All(tuning.Trials, trial => Assert.InRange((float)trial.Options["LearningRate"]!, 1e-5f, 1e-1f));
        Assert.All(tuning.Trials, trial => Assert.InRange(RankOf(trial), 1, 6));
        Assert.Contains(tuning.Trials, trial => (float)trial.Options["LearningRate"]! < 1e-3f);
        Assert.Equal(2, tuning.Trials.Select(trial => trial.Options["Schedule"]).Distinct().Count());
        LoraTuning again = Draw();
        Assert.Equal(tuning.Trials.Select(trial => trial.Metric), again.Trials.Select(trial => trial.Metric));
        Assert.Equal(tuning.Trials.Select(trial => trial.Options["LearningRate"]),
            again.Trials.Select(trial => trial.Options["LearningRate"]));
        tuning.Model.Dispose();
        again.Model.Dispose();
    }

    [Fact]
    public void No_combination_is_drawn_twice()
    {
        LoraTuning tuning = Tuner(epochs: 1).Try(nameof(Options.Rank), 1, 2, 3).Random(Toy.View(_context), trials: 10);
        Assert.Equal([1, 2, 3], tuning.Trials.Select(trial => RankOf(trial)).Order());
        tuning.Model.Dispose();
    }

    [Fact]
    public void A_trial_that_fails_is_reported_and_the_others_go_on()
    {
        LoraTuning tuning = Tuner().Try(nameof(Options.LearningRate), 1e30, 5e-3).Grid(Toy.View(_context));
        Assert.Contains("Lower LearningRate", tuning.Trials[0].Error);
        Assert.Null(tuning.Trials[0].Metric);
        Assert.Equal(2, tuning.Best.Number);
        Assert.EndsWith($": failed: {tuning.Trials[0].Error}", tuning.ToString());
        tuning.Model.Dispose();
        Assert.Contains("Every trial failed", Assert.Throws<InvalidOperationException>(
            () => Tuner().Try(nameof(Options.LearningRate), 1e30).Grid(Toy.View(_context))).Message);
    }

    [Fact]
    public void The_lower_log_loss_is_the_better_one()
    {
        Options options = Base();
        options.ValidationMetric = LoraValidationMetric.LogLoss;
        LoraTuning tuning = _context.MulticlassClassification.Trainers.LoraTuner(options)
            .Try(nameof(Options.LearningRate), 5e-3, 1e-9).Grid(Toy.View(_context));
        Assert.Equal(tuning.Trials.Min(trial => trial.Metric), tuning.Best.Metric);
        Assert.Equal(1, tuning.Best.Number);
        tuning.Model.Dispose();
    }

    [Fact]
    public void Cancelling_throws_or_returns_the_trials_so_far()
    {
        Options options = Base();
        options.CancellationToken = _cancellation.Token;
        options.ReturnBestOnCancel = true;
        LoraTuning tuning = Ranks(options).Grid(Toy.View(_context), new Told<LoraTrial>(trial =>
        {
            if (trial.Number == 2)
            {
                _cancellation.Cancel();
            }
        }));
        Assert.True(tuning.Cancelled);
        Assert.Equal(2, tuning.Trials.Count);
        tuning.Model.Dispose();
        Assert.Throws<OperationCanceledException>(() => Ranks(options).Grid(Toy.View(_context)));
    }

    [Fact]
    public void A_tuning_that_was_stopped_goes_on_where_it_was()
    {
        using var folder = new TemporaryFolder();
        Options options = Base();
        options.CheckpointFolder = folder.Path;
        LoraTuning whole = Ranks(options).Grid(Toy.View(_context));
        int steps = 0;
        options.Progress = new Told<LoraTrainingProgress>(_ => steps++);
        LoraTuning again = Ranks(options).Grid(Toy.View(_context));

        Assert.Equal(0, steps);
        Assert.Equal(3, Directory.GetDirectories(folder.Path, "trial-*").Length);
        Assert.Equal(whole.Trials.Select(trial => (trial.Metric, trial.Seconds)),
            again.Trials.Select(trial => (trial.Metric, trial.Seconds)));
        Assert.Contains("the training rows differ", Assert.ThrowsAny<InvalidOperationException>(
            () => Ranks(options).Grid(Toy.View(_context, 57))).Message);
        whole.Model.Dispose();
        again.Model.Dispose();
    }

    [Fact]
    public void What_cannot_be_tried_is_refused_at_once()
    {
        LoraTuner tuner = Tuner();
        Assert.Contains("These can: Alpha, ", Refused(() => tuner.Try("Ranks", 1)));
        Assert.Contains("is no option that can differ", Refused(() => tuner.Try(nameof(Options.TextColumnName), "Other")));
        Assert.Contains("Rank takes a LoraRank; 1.5 is none", Refused(() => tuner.Try(nameof(Options.Rank), 1.5f)));
        Assert.Contains("Rank takes a LoraRank; null is none", Refused(() => tuner.Try(nameof(Options.Rank), [null])));
        Assert.Contains("No value", Refused(() => tuner.Try(nameof(Options.Rank))));
        Assert.Contains("is no number", Refused(() => tuner.TryBetween(nameof(Options.Schedule), 0, 1)));
        Assert.Contains("is none on a logarithmic scale",
            Refused(() => tuner.TryBetween(nameof(Options.LearningRate), 0, 1, logarithmic: true)));
        tuner.TryBetween(nameof(Options.Rank), 1, 4);
        Assert.Contains("named twice", Refused(() => tuner.Try(nameof(Options.Rank), 1)));
        Assert.Contains("Rank has a range",
            Assert.Throws<InvalidOperationException>(() => tuner.Grid(Toy.View(_context))).Message);
        Assert.Contains("No option is named",
            Assert.Throws<InvalidOperationException>(() => Tuner().Grid(Toy.View(_context))).Message);
        Assert.Contains("Trial 2 cannot be tried. 1 of the trainer's options cannot be used: Rank is 0",
            Refused(() => Tuner().Try(nameof(Options.Rank), 1, 0).Grid(Toy.View(_context))));
        Options options = Base();
        options.ValidationSet = null;
        Assert.Contains("Give a ValidationSet",
            Assert.Throws<InvalidOperationException>(() => Ranks(options).Grid(Toy.View(_context))).Message);
    }

    private static int RankOf(LoraTrial trial) => ((LoraRank)trial.Options["Rank"]!).Value;

    private static string Refused(Action action) => Assert.ThrowsAny<ArgumentException>(action).Message;

    private LoraTuner Ranks(Options options) =>
        _context.MulticlassClassification.Trainers.LoraTuner(options).Try(nameof(Options.Rank), 1, 2, 3);

    private LoraTuner Tuner(int epochs = 3) => _context.MulticlassClassification.Trainers.LoraTuner(Base(epochs));

    private Options Base(int epochs = 3)
    {
        Options options = Toy.Options(epochs);
        options.ValidationSet = Toy.View(_context, 24);
        return options;
    }
}
