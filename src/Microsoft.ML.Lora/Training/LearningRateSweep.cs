using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Training;

/// <summary>
/// Trains a few steps at rates that rise from hardly any to far too much, and watches the loss (Smith 2017, "Cyclical Learning Rates
/// for Training Neural Networks", section 3.3).
/// </summary>
/// <remarks>
/// Batches differ more from each other than a few steps change the model. So the same batches are first computed at rate 0, with the
/// same dropout, and what is smoothed is each batch's loss less what the untrained model has on it.
/// </remarks>
internal sealed class LearningRateSweep(ITrainingSession session, IReadOnlyList<EncodedExample> examples, TrainingPlan plan)
{
    private const double Memory = 0.9;
    private const double Hopeless = 4;

    private readonly TrainingObjective _objective = TrainingObjective.Of(session, plan, examples);

    /// <summary>Sweeps; the session is left as it was.</summary>
    /// <param name="rates">The rates, rising; one step each.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <returns>A point a step; fewer than there are rates when the loss left all bounds.</returns>
    public IReadOnlyList<SweepPoint> Run(IReadOnlyList<float> rates, CancellationToken cancellation)
    {
        SessionState start = session.Save();
        double[] untrained = [.. Losses(rates.Select(_ => 0f), cancellation)];
        session.Restore(start);
        double level = untrained.Average();
        var points = new List<SweepPoint>();
        double mean = 0, weight = 0, lowest = double.PositiveInfinity;
        foreach (double loss in Losses(rates, cancellation))
        {
            int step = points.Count;
            mean = (Memory * mean) + ((1 - Memory) * (loss - untrained[step]));
            weight = (Memory * weight) + (1 - Memory);
            double smoothed = level + (mean / weight);
            if (!double.IsFinite(smoothed))
            {
                break;
            }
            points.Add(new SweepPoint(rates[step], loss, smoothed));
            lowest = Math.Min(lowest, smoothed);
            if (smoothed > Hopeless * Math.Max(lowest, level / Hopeless))
            {
                break;
            }
        }
        session.Restore(start);
        return points;
    }

    private IEnumerable<double> Losses(IEnumerable<float> rates, CancellationToken cancellation)
    {
        using IEnumerator<int[]> batches = Batches().GetEnumerator();
        foreach (float rate in rates)
        {
            cancellation.ThrowIfCancellationRequested();
            batches.MoveNext();
            yield return _objective.Step(batches.Current, rate).Loss;
        }
    }

    private IEnumerable<int[]> Batches()
    {
        for (int epoch = 1; ; epoch++)
        {
            foreach (int[] indices in _objective.Epoch(epoch))
            {
                yield return indices;
            }
        }
    }
}

/// <summary>One step of a sweep.</summary>
/// <param name="Rate">The learning rate of the step.</param>
/// <param name="Loss">The batch's mean loss before it.</param>
/// <param name="Smoothed">The loss with the differences between batches taken out, averaged over about ten steps.</param>
internal readonly record struct SweepPoint(float Rate, double Loss, double Smoothed);
