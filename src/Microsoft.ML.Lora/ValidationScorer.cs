using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Training;

namespace Microsoft.ML.Lora;

/// <summary>Scores a session's current weights on the validation examples, by the metric that was named.</summary>
/// <param name="examples">The validation examples.</param>
/// <param name="classes">How many classes there are.</param>
/// <param name="metric">The metric.</param>
/// <param name="isRough">
/// Whether they are but the few that the trainer held back by itself: then an epoch within the best one's standard error is as good.
/// </param>
internal sealed class ValidationScorer(
    IReadOnlyList<EncodedExample> examples, int classes, LoraValidationMetric metric, bool isRough = false)
{
    private readonly int[] _truth = [.. examples.Select(example => example.ClassIndex)];

    /// <summary>All metrics of the current weights.</summary>
    public ValidationScore Score(ITrainingSession session)
    {
        float[] scores = Evaluator.Logits(session, examples, classes);
        Probabilities.FromLogits(scores, classes);
        ClassificationMetrics metrics = ClassificationMetrics.Of(scores, _truth, classes);
        return new ValidationScore(metrics.LogLoss, Chosen(metrics))
        {
            LowerIsBetter = metric == LoraValidationMetric.LogLoss,
            Noise = isRough && metric != LoraValidationMetric.LogLoss ? StandardError(metrics.Accuracy) : 0,
            Accuracy = metrics.Accuracy,
            MacroF1 = metrics.MacroF1,
            MatthewsCorrelation = metrics.MatthewsCorrelation,
            OnlyPrediction = OnlyPrediction(scores),
        };
    }

    // A binomial share's, with one row right and one wrong added, so that a faultless score has one too.
    private double StandardError(double accuracy)
    {
        double share = ((accuracy * examples.Count) + 1) / (examples.Count + 2);
        return Math.Sqrt(share * (1 - share) / examples.Count);
    }

    private double Chosen(ClassificationMetrics metrics) => metric switch
    {
        LoraValidationMetric.MacroF1 => metrics.MacroF1,
        LoraValidationMetric.LogLoss => metrics.LogLoss,
        LoraValidationMetric.MatthewsCorrelation => metrics.MatthewsCorrelation,
        _ => metrics.Accuracy,
    };

    private int? OnlyPrediction(ReadOnlySpan<float> scores)
    {
        int first = Probabilities.IndexOfLargest(scores[..classes]);
        for (int start = classes; start < scores.Length; start += classes)
        {
            if (Probabilities.IndexOfLargest(scores.Slice(start, classes)) != first)
            {
                return null;
            }
        }
        return first;
    }
}
