namespace Microsoft.ML.Data;

/// <summary>Running sums over the scored rows of a multiclass problem, and the metrics they give.</summary>
internal sealed class MulticlassTally
{
    // Single precision on purpose: the smallest probability that a log loss is taken of.
    private const float SmallestProbability = 1e-15f;

    private readonly int _classes;
    private readonly double[] _labelCounts;
    private readonly double[] _logLossSums;
    private readonly double[][] _confusion;
    private readonly double[] _rankCounts;
    private double _rows;
    private double _correct;
    private double _logLossSum;

    public MulticlassTally(int classes, int topK)
    {
        if (topK > classes + 1)
        {
            throw new IndexOutOfRangeException();
        }

        _classes = classes;
        _labelCounts = new double[classes];
        _logLossSums = new double[classes];
        _rankCounts = new double[topK];
        _confusion = new double[classes][];
        for (int i = 0; i < classes; i++)
        {
            _confusion[i] = new double[classes];
        }
    }

    /// <summary>Rows left out because their label is missing.</summary>
    public long UnlabelledRows { get; private set; }

    /// <summary>Rows left out because a score is not finite.</summary>
    public long BadScoreRows { get; private set; }

    /// <summary>Counts, by actual class then predicted class.</summary>
    public double[][] Confusion => _confusion;

    /// <summary>Adds one row.</summary>
    /// <param name="label">The class, from 0; anything else counts as missing.</param>
    /// <param name="scores">The scores of all classes.</param>
    public void Add(float label, ReadOnlySpan<float> scores)
    {
        if (!(label is >= 0 and <= int.MaxValue) || label != MathF.Floor(label))
        {
            UnlabelledRows++;
            return;
        }

        foreach (float score in scores)
        {
            if (!float.IsFinite(score))
            {
                BadScoreRows++;
                return;
            }
        }

        AddFinite((int)label, scores);
    }

    /// <summary>The metrics of the rows added so far.</summary>
    public MulticlassClassificationMetrics ToMetrics(ConfusionMatrix confusionMatrix)
    {
        double logLoss = _rows > 0 ? _logLossSum / _rows : 0;
        double prior = 0;
        var perClass = new double[_classes];
        double macro = 0;
        int seen = 0;
        for (int i = 0; i < _classes; i++)
        {
            if (_labelCounts[i] > 0)
            {
                prior += _labelCounts[i] * Math.Log(_labelCounts[i] / _rows);
                perClass[i] = _logLossSums[i] / _labelCounts[i];
                macro += _confusion[i][i] / _labelCounts[i];
                seen++;
            }
        }

        // The sum keeps its sign until here: with one class seen the prior loss is a negative zero.
        prior = -prior / _rows;
        double micro = _rows > 0 ? _correct / _rows : 0;
        return new MulticlassClassificationMetrics(
            micro,
            seen > 0 ? macro / seen : 0,
            logLoss,
            (prior - logLoss) / prior,
            _rankCounts.Length,
            TopKAccuracies(),
            perClass,
            confusionMatrix);
    }

    private double[] TopKAccuracies()
    {
        if (_rankCounts.Length == 0)
        {
            return null;
        }

        var accuracies = new double[_rankCounts.Length];
        double accuracy = 0;
        for (int k = 0; k < accuracies.Length; k++)
        {
            accuracy += _rankCounts[k] / _rows;
            accuracies[k] = accuracy;
        }

        return accuracies;
    }

    private void AddFinite(int label, ReadOnlySpan<float> scores)
    {
        int predicted = 0;
        for (int i = 1; i < scores.Length; i++)
        {
            if (scores[i] > scores[predicted])
            {
                predicted = i;
            }
        }

        _rows++;
        if ((uint)label >= (uint)_classes)
        {
            // A class without a score ranks behind all that have one.
            _logLossSum -= Math.Log(SmallestProbability);
            CountRank(_classes);
            return;
        }

        float probability = Math.Min(1, Math.Max(scores[label], SmallestProbability));
        double logLoss = -Math.Log(probability);
        _logLossSum += logLoss;
        _logLossSums[label] += logLoss;
        _labelCounts[label]++;
        _confusion[label][predicted]++;
        if (predicted == label)
        {
            _correct++;
        }

        CountRank(Rank(label, scores));
    }

    private void CountRank(int rank)
    {
        if (rank < _rankCounts.Length)
        {
            _rankCounts[rank]++;
        }
    }

    private static int Rank(int label, ReadOnlySpan<float> scores)
    {
        int rank = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > scores[label] || (scores[i] == scores[label] && i < label))
            {
                rank++;
            }
        }

        return rank;
    }
}
