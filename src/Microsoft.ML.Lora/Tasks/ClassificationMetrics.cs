namespace Microsoft.ML.Lora.Tasks;

/// <summary>How well class probabilities meet the true classes, over one set of examples.</summary>
/// <param name="Accuracy">Share of examples whose most probable class is the true one.</param>
/// <param name="MacroF1">Mean over the classes present (in truth or prediction) of the harmonic mean of precision and recall.</param>
/// <param name="MatthewsCorrelation">Multi-class Matthews correlation coefficient (Gorodkin 2004), 0 when undefined.</param>
/// <param name="LogLoss">Mean of −ln p(true class), probabilities kept above 1e-15.</param>
internal sealed record ClassificationMetrics(
    double Accuracy, double MacroF1, double MatthewsCorrelation, double LogLoss)
{
    private const double SmallestProbability = 1e-15;

    /// <summary>Measures <paramref name="probabilities"/> [N, <paramref name="classes"/>] against the true classes [N].</summary>
    public static ClassificationMetrics Of(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<int> truth, int classes)
    {
        var trueCounts = new long[classes];
        var predictedCounts = new long[classes];
        var hits = new long[classes];
        double logLoss = 0;
        for (int i = 0; i < truth.Length; i++)
        {
            ReadOnlySpan<float> row = probabilities.Slice(i * classes, classes);
            int predicted = Probabilities.IndexOfLargest(row);
            trueCounts[truth[i]]++;
            predictedCounts[predicted]++;
            if (predicted == truth[i])
            {
                hits[predicted]++;
            }
            logLoss -= Math.Log(Math.Max(row[truth[i]], SmallestProbability));
        }
        int count = Math.Max(1, truth.Length);
        return new ClassificationMetrics(
            (double)hits.Sum() / count,
            F1(trueCounts, predictedCounts, hits),
            Correlation(trueCounts, predictedCounts, hits, truth.Length),
            logLoss / count);
    }

    private static double F1(long[] trueCounts, long[] predictedCounts, long[] hits)
    {
        double sum = 0;
        int present = 0;
        for (int c = 0; c < hits.Length; c++)
        {
            long both = trueCounts[c] + predictedCounts[c];
            if (both > 0)
            {
                present++;
                sum += 2.0 * hits[c] / both;
            }
        }
        return present == 0 ? 0 : sum / present;
    }

    private static double Correlation(long[] trueCounts, long[] predictedCounts, long[] hits, double count)
    {
        double cross = 0, trueSquares = 0, predictedSquares = 0;
        for (int c = 0; c < hits.Length; c++)
        {
            cross += (double)trueCounts[c] * predictedCounts[c];
            trueSquares += (double)trueCounts[c] * trueCounts[c];
            predictedSquares += (double)predictedCounts[c] * predictedCounts[c];
        }
        double spread = Math.Sqrt((count * count - predictedSquares) * (count * count - trueSquares));
        return spread == 0 ? 0 : (hits.Sum() * count - cross) / spread;
    }
}
