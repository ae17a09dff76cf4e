using System.Globalization;
using System.Text;
using Microsoft.ML.Lora.Training;

namespace Microsoft.ML.Lora;

/// <summary>What training steps at ever higher learning rates gave: the curve, and the rate it suggests.</summary>
/// <remarks>
/// While the rate is too low nothing happens; then the loss falls; then it rises, because steps overshoot. A good rate for a whole
/// training lies well below the lowest point (Smith 2017, <see href="https://arxiv.org/abs/1506.01186"/>).
/// </remarks>
public sealed class LoraLearningRateCurve
{
    // Steps of a whole training add up, so its rate lies below the one that does best in a single pass upwards. A fifth lies
    // around the rates that did best in whole trainings, 5e-4 to 2e-3 on the embedded base; the field's tenth is on the low side.
    private const float BelowLowest = 5;
    private const int BarWidth = 40;

    internal LoraLearningRateCurve(IReadOnlyList<SweepPoint> points)
    {
        Points = [.. points.Select(point => new LoraLearningRatePoint(point.Rate, point.Loss, point.Smoothed))];
        Lowest = Points.MinBy(point => point.SmoothedLoss)!;
    }

    /// <summary>The steps, rates rising; they end early where the loss left all bounds.</summary>
    public IReadOnlyList<LoraLearningRatePoint> Points { get; }

    /// <summary>The lowest point of the smoothed curve.</summary>
    public LoraLearningRatePoint Lowest { get; }

    /// <summary>The rate to try: a fifth of that of the <see cref="Lowest"/> point.</summary>
    public float Suggestion => Lowest.LearningRate / BelowLowest;

    /// <summary>Whether the loss rose again behind its lowest point; if not, search up to a higher rate.</summary>
    public bool Turned => Points[^1].SmoothedLoss > Lowest.SmoothedLoss;

    /// <summary>A plot for a console: rate, smoothed loss, and a bar as long as the loss.</summary>
    public override string ToString()
    {
        double highest = Points.Max(point => point.SmoothedLoss);
        var text = new StringBuilder();
        int step = Math.Max(1, Points.Count / 25);
        for (int i = 0; i < Points.Count; i += step)
        {
            LoraLearningRatePoint point = Points[i];
            int length = (int)Math.Round(BarWidth * Math.Max(0, point.SmoothedLoss) / highest);
            text.Append(CultureInfo.InvariantCulture,
                $"{point.LearningRate:E1}  {point.SmoothedLoss:F4}  {new string('#', length)}\n");
        }
        return text.Append(CultureInfo.InvariantCulture, $"suggestion: {Suggestion:E1}").ToString();
    }
}
