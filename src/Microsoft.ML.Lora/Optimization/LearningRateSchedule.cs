namespace Microsoft.ML.Lora.Optimization;

/// <summary>How the learning rate falls after the warm-up.</summary>
internal enum ScheduleShape
{
    /// <summary>In a straight line to zero at the last step's end.</summary>
    Linear,

    /// <summary>Along half a cosine to zero.</summary>
    Cosine,

    /// <summary>Not at all.</summary>
    Constant,

    /// <summary>Up along a cosine, from a 25th, through the warm-up, and down to nearly zero (Smith and Topin 2018).</summary>
    OneCycle,
}

/// <summary>The share of the learning rate that each step takes: a warm-up in a straight line, then the shape.</summary>
/// <param name="Shape">The shape after the warm-up.</param>
/// <param name="TotalSteps">Number of optimiser steps, at least 1.</param>
/// <param name="WarmupSteps">Steps of warm-up, 0 to <paramref name="TotalSteps"/>.</param>
internal sealed record LearningRateSchedule(ScheduleShape Shape, int TotalSteps, int WarmupSteps)
{
    private const double OneCycleStart = 1.0 / 25;
    private const double OneCycleEnd = 1e-4 / 25;

    /// <summary>The factor for a step, in [0, 1].</summary>
    /// <param name="step">Index of the step from 0.</param>
    public float Factor(int step)
    {
        if (Shape == ScheduleShape.OneCycle)
        {
            return (float)OneCycle(step);
        }

        if (step < WarmupSteps)
        {
            return (step + 1f) / WarmupSteps;
        }

        double done = Math.Min(1.0, (double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps));
        return (float)(Shape switch
        {
            ScheduleShape.Linear => 1 - done,
            ScheduleShape.Cosine => 0.5 * (1 + Math.Cos(Math.PI * done)),
            _ => 1.0,
        });
    }

    private double OneCycle(int step)
    {
        double peak = Math.Max(1, WarmupSteps - 1);
        return step <= peak
            ? Between(OneCycleStart, 1, step / peak)
            : Between(1, OneCycleEnd, Math.Min(1, (step - peak) / Math.Max(1, TotalSteps - 1 - peak)));

        static double Between(double from, double to, double share) =>
            to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * share)));
    }
}
