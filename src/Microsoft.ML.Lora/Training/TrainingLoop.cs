using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Training;

/// <summary>
/// Trains epoch after epoch: shuffled batches, a validation score at the end of each, the best epoch kept and restored.
/// It knows neither how a step is computed nor what is predicted.
/// </summary>
internal sealed class TrainingLoop
{
    private readonly ITrainingSession _session;
    private readonly TrainingPlan _plan;
    private readonly Func<ITrainingSession, ValidationScore>? _validate;
    private readonly Action<TrainingProgress> _report;
    private readonly CancellationToken _cancellation;
    private readonly PaceMeter _pace = new();
    private readonly StepParts _parts;
    private int _step;

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
        _parts = new StepParts(plan.BatchSize);
    }

    /// <summary>Trains on the examples.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, and the plan does not ask for the best model so far.</exception>
    /// <exception cref="InvalidOperationException">The loss or a gradient is no longer a finite number.</exception>
    public TrainingOutcome Run(IReadOnlyList<EncodedExample> examples)
    {
        int steps = _plan.Epochs * BatchPlanner.BatchCount(examples.Count, _plan.StepSize);
        var schedule = new LearningRateSchedule(
            _plan.Schedule, steps, (int)Math.Round(steps * _plan.WarmupFraction));
        var best = new BestEpoch(_plan.Patience);
        var history = new List<EpochRecord>();
        try
        {
            for (int epoch = 1; epoch <= _plan.Epochs && !best.ShouldStop; epoch++)
            {
                EpochRecord record = RunEpoch(examples, epoch, schedule);
                best.Offer(epoch, record.Validation, _session.Export);
                history.Add(record);
            }
        }
        catch (OperationCanceledException) when (_plan.ReturnBestOnCancel && _step > 0)
        {
            return new TrainingOutcome(best.State ?? _session.Export(), history, best.Epoch, Cancelled: true);
        }
        return new TrainingOutcome(best.State!, history, best.Epoch, Cancelled: false);
    }

    private EpochRecord RunEpoch(
        IReadOnlyList<EncodedExample> examples, int epoch, LearningRateSchedule schedule)
    {
        var watch = Stopwatch.StartNew();
        double lossSum = 0;
        long seen = 0;
        TrainingProgress progress = default;
        _pace.Resume();
        foreach (int[] indices in BatchPlanner.Epoch(examples.Count, _plan.StepSize, (uint)_plan.Seed, epoch))
        {
            _cancellation.ThrowIfCancellationRequested();
            float rate = _plan.LearningRate * schedule.Factor(_step);
            StepResult result = _session.TrainStep(_parts.Fill(examples, indices), rate);
            _step++;
            CheckFinite(result, epoch, rate);
            lossSum += result.Loss * indices.Length;
            seen += indices.Length;
            _pace.Count(result.Tokens);
            progress = new TrainingProgress
            {
                Epoch = epoch,
                Epochs = _plan.Epochs,
                Step = _step,
                Steps = schedule.TotalSteps,
                Loss = lossSum / seen,
                LearningRate = rate,
                TokensPerSecond = _pace.TokensPerSecond,
                Remaining = _pace.Remaining(schedule.TotalSteps - _step),
            };
            _report(progress);
        }
        _pace.Pause();
        ValidationScore? score = _validate?.Invoke(_session);
        _report(progress with { EndOfEpoch = true, Validation = score });
        return new EpochRecord(epoch, lossSum / seen, score, watch.Elapsed.TotalSeconds);
    }

    private void CheckFinite(StepResult result, int epoch, float rate)
    {
        if (!double.IsFinite(result.Loss) || !double.IsFinite(result.GradientNorm))
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"Training stopped at step {_step} (epoch {epoch}): the loss is {result.Loss} and the gradient's length " +
                $"{result.GradientNorm}, at learning rate {rate:G3} and batch size {_plan.BatchSize}. " +
                $"Lower LearningRate or Alpha, lengthen WarmupFraction, or check the example weights."));
        }
    }
}
