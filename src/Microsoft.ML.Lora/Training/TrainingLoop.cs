using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Training.Resuming;

namespace Microsoft.ML.Lora.Training;

/// <summary>
/// Trains epoch after epoch: shuffled batches, a validation score at the end of each, the best epoch kept and restored.
/// It knows neither how a step is computed nor what is predicted.
/// </summary>
internal sealed class TrainingLoop
{
    /// <summary>The share of the learning rate that a second attempt takes.</summary>
    public const float RetryFactor = 0.1f;

    private readonly ITrainingSession _session;
    private readonly TrainingPlan _plan;
    private readonly Func<ITrainingSession, ValidationScore>? _validate;
    private readonly Action<TrainingProgress> _report;
    private readonly CancellationToken _cancellation;
    private readonly PaceMeter _pace = new();
    private TrainingObjective _objective = null!;
    private TrainingPosition _at = new();

    /// <param name="session">Computes the steps.</param>
    /// <param name="plan">How long and how fast.</param>
    /// <param name="validate">Scores the current weights at an epoch's end; null without validation data.</param>
    /// <param name="report">Called after every step and every epoch.</param>
    /// <param name="cancellation">Checked before every step.</param>
    public TrainingLoop(ITrainingSession session, TrainingPlan plan, Func<ITrainingSession, ValidationScore>? validate,
        Action<TrainingProgress> report, CancellationToken cancellation)
    {
        _session = session;
        _plan = plan;
        _validate = validate;
        _report = report;
        _cancellation = cancellation;
    }

    /// <summary>Where the run is kept to be resumed; null to keep nothing.</summary>
    public RunKeeper? Keeper { get; init; }

    /// <summary>Told when the run begins anew at a lower rate.</summary>
    public Action<string>? Warn { get; init; }

    private float Rate => _plan.LearningRate * (_at.Attempt == 1 ? 1 : RetryFactor);

    /// <summary>Trains on the examples, from where the kept run was left if there is one.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, and the plan does not ask for the best model so far.</exception>
    /// <exception cref="InvalidOperationException">The loss or a gradient is no longer a finite number.</exception>
    public TrainingOutcome Run(IReadOnlyList<EncodedExample> examples)
    {
        int steps = _plan.Epochs * BatchPlanner.BatchCount(examples.Count, _plan.StepSize);
        var schedule = new LearningRateSchedule(
            _plan.Schedule, steps, (int)Math.Round(steps * _plan.WarmupFraction));
        _objective = TrainingObjective.Of(_session, _plan, examples);
        SessionState? start = _plan.RetryAtLowerRate ? _session.Save() : null;
        _at = Keeper?.Resume(_session) ?? _at;
        try
        {
            while (_at.Epoch <= _plan.Epochs && !_at.Best.ExceedsPatience(_plan.Patience))
            {
                if (RunEpoch(schedule) is { } divergence)
                {
                    BeginAnew(start, divergence);
                }
            }
        }
        catch (OperationCanceledException) when (_at.Step > 0)
        {
            Keeper?.Keep(_at, _session);
            if (_plan.ReturnBestOnCancel)
            {
                return Outcome(cancelled: true);
            }
            throw;
        }
        return Outcome(cancelled: false);
    }

    /// <summary>Goes on to the end of the epoch under way.</summary>
    /// <returns>What is wrong when loss or gradient are no longer finite numbers, else null.</returns>
    private string? RunEpoch(LearningRateSchedule schedule)
    {
        var watch = Stopwatch.StartNew();
        double earlier = _at.Seconds;
        TrainingProgress progress = Progress(schedule, 0);
        _pace.Resume();
        IReadOnlyList<int[]> batches = _objective.Epoch(_at.Epoch);
        while (_at.Batch < batches.Count)
        {
            _cancellation.ThrowIfCancellationRequested();
            int[] indices = batches[_at.Batch];
            float rate = Rate * schedule.Factor(_at.Step);
            StepResult result = _objective.Step(indices, rate);
            _at.Step++;
            if (!double.IsFinite(result.Loss) || !double.IsFinite(result.GradientNorm))
            {
                return Describe(result, rate);
            }
            if (_at.Step > LastUnaveraged(schedule))
            {
                _session.AverageWeights();
            }
            _at.Batch++;
            _at.LossSum += result.Loss * indices.Length;
            _at.Seen += indices.Length;
            _at.Seconds = earlier + watch.Elapsed.TotalSeconds;
            _pace.Count(result.Tokens);
            progress = Progress(schedule, rate);
            _report(progress);
            Keeper?.StepDone(_at, _session);
        }
        _pace.Pause();
        if (_at.Epoch == _plan.Epochs)
        {
            _session.TakeAverage();
        }
        if (_validate is not null || _at.Epoch == _plan.Epochs)
        {
            _objective.Complete();
        }
        ValidationScore? score = _validate?.Invoke(_session);
        _report(progress with { EndOfEpoch = true, Validation = score });
        _at.Best.Offer(_at.Epoch, score, _session.Export);
        _at.EndEpoch(new EpochRecord(
            _at.Epoch, _at.LossSum / _at.Seen, score, earlier + watch.Elapsed.TotalSeconds));
        Keeper?.Keep(_at, _session);
        return null;
    }

    private int LastUnaveraged(LearningRateSchedule schedule) =>
        schedule.TotalSteps - (int)Math.Round(schedule.TotalSteps * _plan.AveragedShare);

    private TrainingProgress Progress(LearningRateSchedule schedule, float rate) => new()
    {
        Attempt = _at.Attempt,
        Epoch = _at.Epoch,
        Epochs = _plan.Epochs,
        Step = _at.Step,
        Steps = schedule.TotalSteps,
        Loss = _at.LossSum / Math.Max(1, _at.Seen),
        LearningRate = rate,
        TokensPerSecond = _pace.TokensPerSecond,
        Remaining = _pace.Remaining(schedule.TotalSteps - _at.Step),
    };

    private string Describe(StepResult result, float rate) => string.Create(CultureInfo.InvariantCulture,
        $"Training stopped at step {_at.Step} (epoch {_at.Epoch}): the loss is {result.Loss} and the gradient's length " +
        $"{result.GradientNorm}, at learning rate {rate:G3} and batch size {_plan.BatchSize}.");

    private void BeginAnew(SessionState? start, string divergence)
    {
        if (start is null || _at.Attempt > 1)
        {
            throw new InvalidOperationException(
                $"{divergence} Lower LearningRate or Alpha, lengthen WarmupFraction, or check the example weights.");
        }
        _session.Restore(start);
        _at = _at.NextAttempt(_at.Step);
        Warn?.Invoke(string.Create(CultureInfo.InvariantCulture,
            $"{divergence} It begins anew, once, at learning rate {Rate:G3}, a tenth of the first."));
    }

    private TrainingOutcome Outcome(bool cancelled)
    {
        AdapterState state = _at.Best.State ?? _session.Export();
        bool isOpen = cancelled && (_validate is null || _at.Best.State is null);
        return new TrainingOutcome(isOpen ? _objective.Completed(state) : state, _at.History, _at.Best.Epoch, cancelled)
        {
            LearningRate = Rate,
            DivergedAtStep = _at.DivergedAtStep,
        };
    }
}
