using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Training;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Training;

/// <summary>The loop over a session that only counts: epochs, early stopping, best epoch, cancellation, bad numbers.</summary>
public class TrainingLoopTests
{
    private readonly CountingSession _session = new();
    private readonly List<TrainingProgress> _reports = [];
    private readonly CancellationTokenSource _cancellation = new();

    private sealed class CountingSession : ITrainingSession
    {
        public List<float> Rates { get; } = [];

        public List<int> Classes { get; } = [];

        public double Loss { get; set; } = 1;

        public Func<List<float>, double>? LossAt { get; set; }

        public ModelFacts Facts => throw new NotSupportedException();

        public List<int> Parts { get; } = [];

        public StepResult TrainStep(ReadOnlySpan<PackedBatch> parts, float learningRate)
        {
            Rates.Add(learningRate);
            Parts.Add(parts.Length);
            int tokens = 0;
            foreach (PackedBatch batch in parts)
            {
                Classes.AddRange(batch.ClassTargets.AsSpan(0, batch.Count));
                tokens += batch.TokenCount;
            }
            return new StepResult(LossAt?.Invoke(Rates) ?? Loss, 1, tokens);
        }

        public StepResult TrainPairs(PackedBatch batch, float learningRate) => throw new NotSupportedException();

        public void Score(PackedBatch batch, Span<float> logits)
        {
        }

        public void ReadFeatures(PackedBatch batch, Span<float> features)
        {
        }

        public void StartHead(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
        {
        }

        public List<int> Averaged { get; } = [];

        public int? AverageTakenAfter { get; private set; }

        public void AverageWeights() => Averaged.Add(Rates.Count);

        public void TakeAverage() => AverageTakenAfter = Rates.Count;

        public AdapterState Export()
        {
            var state = new AdapterState();
            state["steps"] = new AdapterTensor([1], [Rates.Count]);
            return state;
        }

        public void Import(AdapterState state)
        {
        }

        public SessionState Save() => new(
            new Dictionary<string, float[]> { ["rates"] = [.. Rates] },
            new OptimizerState(Rates.Count, new Dictionary<string, Array>()));

        public void Restore(SessionState state)
        {
            Rates.Clear();
            Rates.AddRange(state.Parameters["rates"]);
        }

        public void Dispose()
        {
        }
    }

    [Fact]
    public void Every_epoch_sees_every_example_once_in_another_order()
    {
        Run(Plan(epochs: 2, batchSize: 4), null);
        int[][] epochs = [.. _session.Classes.Chunk(10)];

        Assert.All(epochs, epoch => Assert.Equal(Enumerable.Range(0, 10), epoch.Order()));
        Assert.NotEqual(epochs[0], epochs[1]);
    }

    [Fact]
    public void The_seed_decides_the_order()
    {
        Run(Plan(epochs: 1, batchSize: 4), null);
        int[] first = [.. _session.Classes];
        _session.Classes.Clear();
        Run(Plan(epochs: 1, batchSize: 4), null);
        Assert.Equal(first, _session.Classes);
        _session.Classes.Clear();
        Run(Plan(epochs: 1, batchSize: 4) with { Seed = 2 }, null);
        Assert.NotEqual(first, _session.Classes);
    }

    [Fact]
    public void The_rate_rises_and_falls_to_zero()
    {
        Run(Plan(epochs: 10, batchSize: 1) with { WarmupFraction = 0.1f }, null);

        Assert.Equal(100, _session.Rates.Count);
        Assert.Equal(0.1f, _session.Rates.Max(), 6);
        Assert.Equal(9, _session.Rates.IndexOf(_session.Rates.Max()), 1.0);
        Assert.True(_session.Rates[^1] < 0.002f);
    }

    [Theory]
    [InlineData(0, new int[0])]
    [InlineData(0.2, new[] { 9, 10 })]
    [InlineData(0.7, new[] { 4, 5, 6, 7, 8, 9, 10 })]
    public void The_weights_of_the_last_steps_are_averaged_for_the_last_epoch(double share, int[] steps)
    {
        Run(Plan(epochs: 2, batchSize: 2) with { AveragedShare = share }, null);

        Assert.Equal(steps, _session.Averaged);
        Assert.Equal(10, _session.AverageTakenAfter);
    }

    [Fact]
    public void Batches_make_a_step_together()
    {
        Run(Plan(epochs: 1, batchSize: 2) with { BatchesPerStep = 2 }, null);

        Assert.Equal([2, 2, 2], _session.Parts);
        Assert.Equal(Enumerable.Range(0, 10), _session.Classes.Order());
    }

    [Fact]
    public void The_best_epoch_is_kept_and_patience_ends_the_run()
    {
        double[] metrics = [0.5, 0.8, 0.7, 0.8, 0.9];
        int epoch = 0;
        TrainingOutcome outcome = Run(
            Plan(epochs: 5, batchSize: 10), _ => new ValidationScore(epoch + 1, metrics[epoch++]), patience: 2);

        Assert.Equal(2, outcome.BestEpoch);
        Assert.Equal(4, outcome.History.Count);
        Assert.Equal(2, outcome.State["steps"].Values[0]);
    }

    [Fact]
    public void Equal_metrics_are_told_apart_by_the_loss()
    {
        double[] losses = [0.5, 0.3, 0.4];
        int epoch = 0;
        TrainingOutcome outcome = Run(
            Plan(epochs: 3, batchSize: 10), _ => new ValidationScore(losses[epoch++], 0.9), patience: 0);
        Assert.Equal(2, outcome.BestEpoch);
        Assert.Equal(3, outcome.History.Count);
    }

    [Fact]
    public void A_metric_can_be_better_when_lower_and_no_number_is_never_better()
    {
        double[] metrics = [double.NaN, 0.5, 0.4, 0.6, double.NaN];
        int epoch = 0;
        TrainingOutcome outcome = Run(Plan(epochs: 5, batchSize: 10),
            _ => new ValidationScore(1, metrics[epoch++]) { LowerIsBetter = true });
        Assert.Equal(3, outcome.BestEpoch);
    }

    [Theory]
    [InlineData(3, new[] { 0.80, 0.90, 0.89 })]
    [InlineData(2, new[] { 0.80, 0.90, 0.87 })]
    [InlineData(2, new[] { 0.89, 0.90, 0.87, 0.87, 0.90 })]
    [InlineData(3, new[] { 0.90, 0.89, 0.88, 0.87 })]
    public void Of_epochs_alike_within_the_noise_the_latest_is_kept(int kept, double[] metrics)
    {
        int epoch = 0;
        TrainingOutcome outcome = Run(Plan(epochs: metrics.Length, batchSize: 10),
            _ => new ValidationScore(1, metrics[epoch++]) { Noise = 0.0201 }, patience: 2);
        Assert.Equal(kept, outcome.BestEpoch);
        Assert.Equal(kept, outcome.State["steps"].Values[0]);
    }

    [Fact]
    public void Without_validation_the_last_epoch_is_kept()
    {
        TrainingOutcome outcome = Run(Plan(epochs: 3, batchSize: 5), null);
        Assert.Equal(3, outcome.BestEpoch);
        Assert.Equal(6, outcome.State["steps"].Values[0]);
    }

    [Fact]
    public void Reports_count_steps_and_end_epochs()
    {
        Run(Plan(epochs: 2, batchSize: 5), _ => new ValidationScore(0.1, 0.9));

        Assert.Equal([1, 2, 2, 3, 4, 4], _reports.Select(r => r.Step));
        Assert.Equal([2, 5], _reports.Select((r, i) => r.EndOfEpoch ? i : -1).Where(i => i >= 0));
        Assert.All(_reports, r => Assert.Equal(4, r.Steps));
        Assert.All(_reports, r => Assert.Equal(r.EndOfEpoch, r.Validation is not null));
        Assert.Equal(TimeSpan.Zero, _reports[^1].Remaining);
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_with_what_to_change()
    {
        _session.Loss = double.NaN;
        string message = Assert.Throws<InvalidOperationException>(() => Run(Plan(2, 5), null)).Message;
        Assert.Contains("step 1 (epoch 1)", message);
        Assert.Contains("learning rate 0.1 and batch size 5", message);
        Assert.Contains("Lower LearningRate", message);
    }

    [Fact]
    public void A_second_attempt_begins_anew_at_a_tenth_of_the_rate()
    {
        _session.LossAt = rates => rates.Count == 3 && rates[0] == 0.1f ? double.PositiveInfinity : 1;
        var warnings = new List<string>();
        TrainingOutcome outcome = new TrainingLoop(_session, Plan(2, 5) with { RetryAtLowerRate = true }, null, _reports.Add,
            _cancellation.Token)
        {
            Warn = warnings.Add,
        }.Run(Examples());

        Assert.Equal([0.01f, 0.0075f, 0.005f, 0.0025f], _session.Rates.Select(rate => MathF.Round(rate, 6)));
        Assert.Equal(3, outcome.DivergedAtStep);
        Assert.Equal(0.01f, outcome.LearningRate, 1e-6f);
        Assert.Equal([1, 2], outcome.History.Select(epoch => epoch.Epoch));
        Assert.Equal([1, 1, 1, 2, 2, 2, 2, 2, 2], _reports.Select(report => report.Attempt));
        Assert.Contains("step 3 (epoch 2)", Assert.Single(warnings));
        Assert.Contains("begins anew, once, at learning rate 0.01", warnings[0]);
    }

    [Fact]
    public void A_second_attempt_that_fails_too_stops()
    {
        _session.Loss = double.NaN;
        Assert.Contains("learning rate 0.01 ", Assert.Throws<InvalidOperationException>(
            () => Run(Plan(2, 5) with { RetryAtLowerRate = true }, null)).Message);
    }

    [Fact]
    public void Cancelling_throws()
    {
        _cancellation.Cancel();
        Assert.Throws<OperationCanceledException>(() => Run(Plan(2, 5), null));
        Assert.Empty(_session.Rates);
    }

    [Fact]
    public void Cancelling_gives_the_best_epoch_so_far_when_asked()
    {
        TrainingOutcome outcome = RunCancelledAt(3);
        Assert.True(outcome.Cancelled);
        Assert.Equal(1, outcome.BestEpoch);
        Assert.Equal(2, outcome.State["steps"].Values[0]);
    }

    [Fact]
    public void Cancelling_inside_the_first_epoch_gives_the_last_step_when_asked()
    {
        TrainingOutcome outcome = RunCancelledAt(1);
        Assert.Equal(0, outcome.BestEpoch);
        Assert.Empty(outcome.History);
        Assert.Equal(1, outcome.State["steps"].Values[0]);
    }

    private static TrainingPlan Plan(int epochs, int batchSize) => new()
    {
        Epochs = epochs,
        BatchSize = batchSize,
        LearningRate = 0.1f,
        WarmupFraction = 0,
        Patience = 0,
        Seed = 1,
        ReturnBestOnCancel = false,
    };

    private TrainingOutcome RunCancelledAt(int step)
    {
        EncodedExample[] examples = Examples();
        var loop = new TrainingLoop(_session, Plan(3, 5) with { ReturnBestOnCancel = true }, _ => new ValidationScore(1, 1),
            report =>
            {
                if (report.Step == step)
                {
                    _cancellation.Cancel();
                }
            },
            _cancellation.Token);
        return loop.Run(examples);
    }

    private TrainingOutcome Run(
        TrainingPlan plan, Func<ITrainingSession, ValidationScore>? validate, int patience = 0) =>
        new TrainingLoop(_session, plan with { Patience = patience }, validate, _reports.Add, _cancellation.Token)
            .Run(Examples());

    private static EncodedExample[] Examples() =>
        [.. Enumerable.Range(0, 10).Select(i => new EncodedExample { Ids = [1, 2, 3], ClassIndex = i })];
}
