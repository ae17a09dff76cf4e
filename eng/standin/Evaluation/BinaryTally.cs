using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Running sums over the scored rows of a binary problem, and the metrics they give.</summary>
internal sealed class BinaryTally
{
    private readonly bool _calibrated;
    private readonly List<(float Score, bool Positive)> _rows = [];
    private double _logLossSum;

    public BinaryTally(bool calibrated) => _calibrated = calibrated;

    public double TruePositives { get; private set; }

    public double FalseNegatives { get; private set; }

    public double FalsePositives { get; private set; }

    public double TrueNegatives { get; private set; }

    public double Positives => TruePositives + FalseNegatives;

    public double Negatives => FalsePositives + TrueNegatives;

    public double Rows => Positives + Negatives;

    public double PositivePrecision => Ratio(TruePositives, TruePositives + FalsePositives);

    public double PositiveRecall => Ratio(TruePositives, Positives);

    public double NegativePrecision => Ratio(TrueNegatives, TrueNegatives + FalseNegatives);

    public double NegativeRecall => Ratio(TrueNegatives, Negatives);

    public double Accuracy => (TruePositives + TrueNegatives) / Rows;

    public double F1Score
    {
        get
        {
            double precision = PositivePrecision;
            double recall = PositiveRecall;
            return Ratio(2 * precision * recall, precision + recall);
        }
    }

    public double LogLoss => _logLossSum / Rows;

    public double Entropy
    {
        get
        {
            double share = Positives / Rows;
            return -((share * Math.Log(share, 2)) + ((1 - share) * Math.Log(1 - share, 2)));
        }
    }

    public double LogLossReduction => (Entropy - LogLoss) / Entropy;

    public long UnlabelledRows { get; private set; }

    public long BadScoreRows { get; private set; }

    /// <summary>Adds one row.</summary>
    /// <param name="label">Positive above zero; not a number when missing.</param>
    /// <param name="score">The raw score; positive means that the positive class is predicted.</param>
    /// <param name="probability">The probability of the positive class; not looked at without calibration.</param>
    public void Add(float label, float score, float probability)
    {
        if (float.IsNaN(label))
        {
            UnlabelledRows++;
            return;
        }

        if (!float.IsFinite(score))
        {
            BadScoreRows++;
            return;
        }

        bool positive = label > 0;
        bool predicted = score > 0;
        if (positive)
        {
            TruePositives += predicted ? 1 : 0;
            FalseNegatives += predicted ? 0 : 1;
        }
        else
        {
            FalsePositives += predicted ? 1 : 0;
            TrueNegatives += predicted ? 0 : 1;
        }

        _rows.Add((score, positive));
        if (_calibrated)
        {
            _logLossSum -= Math.Log(positive ? probability : 1 - (double)probability, 2);
        }
    }

    /// <summary>The areas under the ROC and the precision-recall curve.</summary>
    public (double Roc, double PrecisionRecall) Areas()
    {
        if (Positives == 0)
        {
            throw Contracts.ExceptParam("PosSample", "AUC is not defined when there is no positive class in the data");
        }

        if (Negatives == 0)
        {
            throw Contracts.ExceptParam("NegSample", "AUC is not defined when there is no negative class in the data");
        }

        List<(float Score, bool Positive)> sorted = [.. _rows.OrderByDescending(row => row.Score)];
        return (Roc(sorted), PrecisionRecall(sorted));
    }

    private double Roc(List<(float Score, bool Positive)> sorted)
    {
        double area = 0;
        double above = 0;
        for (int start = 0, end; start < sorted.Count; start = end)
        {
            double positives = 0;
            double negatives = 0;
            for (end = start; end < sorted.Count && sorted[end].Score == sorted[start].Score; end++)
            {
                positives += sorted[end].Positive ? 1 : 0;
                negatives += sorted[end].Positive ? 0 : 1;
            }

            area += negatives * (above + (positives / 2));
            above += positives;
        }

        return area / (Positives * Negatives);
    }

    private double PrecisionRecall(List<(float Score, bool Positive)> sorted)
    {
        double area = 0;
        double hits = 0;
        double lastRecall = 0;
        double lastPrecision = double.NaN;
        for (int i = 0; i < sorted.Count; i++)
        {
            hits += sorted[i].Positive ? 1 : 0;
            double precision = hits / (i + 1);
            double recall = hits / Positives;
            lastPrecision = double.IsNaN(lastPrecision) ? precision : lastPrecision;
            area += (recall - lastRecall) * (precision + lastPrecision) / 2;
            lastRecall = recall;
            lastPrecision = precision;
        }

        return area;
    }

    /// <summary>The counts, positive class first.</summary>
    public ConfusionMatrix ToConfusionMatrix(IHost host)
    {
        double[][] counts = [[TruePositives, FalseNegatives], [FalsePositives, TrueNegatives]];
        return ConfusionCounts.ToMatrix(host, counts, ["positive", "negative"], isBinary: true);
    }

    private static double Ratio(double part, double whole) => whole > 0 ? part / whole : 0;
}
