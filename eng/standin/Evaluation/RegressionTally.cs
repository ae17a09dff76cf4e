namespace Microsoft.ML.Data;

/// <summary>Running sums over the scored rows of a regression problem, and the metrics they give.</summary>
internal sealed class RegressionTally
{
    private double _rows;
    private double _labels;
    private double _squaredLabels;
    private double _absoluteErrors;
    private double _squaredErrors;
    private double _losses;

    public long UnlabelledRows { get; private set; }

    public long BadScoreRows { get; private set; }

    /// <summary>Adds one row.</summary>
    public void Add(float label, float score)
    {
        if (float.IsNaN(label))
        {
            UnlabelledRows++;
            return;
        }

        if (float.IsNaN(score))
        {
            BadScoreRows++;
            return;
        }

        // The loss and the squared label are rounded to single precision before they are added, the errors are not.
        float difference = score - label;
        double error = Math.Abs((double)label - score);
        _rows++;
        _labels += label;
        _squaredLabels += label * label;
        _absoluteErrors += error;
        _squaredErrors += error * error;
        _losses += difference * difference;
    }

    /// <summary>The metrics of the rows added so far.</summary>
    public RegressionMetrics ToMetrics()
    {
        if (_rows == 0)
        {
            return new RegressionMetrics(0, 0, 0, 0, 0);
        }

        double squaredError = _squaredErrors / _rows;
        double variance = _squaredLabels - (_labels * _labels / _rows);
        return new RegressionMetrics(
            _absoluteErrors / _rows,
            squaredError,
            Math.Sqrt(squaredError),
            _losses / _rows,
            variance == 0 ? double.NaN : 1 - (_squaredErrors / variance));
    }
}
