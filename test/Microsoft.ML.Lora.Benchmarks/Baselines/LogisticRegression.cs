using Microsoft.ML.Lora.Optimization;

namespace Microsoft.ML.Lora.Benchmarks.Baselines;

/// <summary>
/// Multinomial logistic regression: minimises C · (sum of cross-entropies) + |W|²/2 until converged; biases are free.
/// </summary>
internal sealed class LogisticRegression
{
    private const double Tolerance = 1e-4;
    private const int MaxSteps = 2000;

    private readonly int _classes;
    private readonly int _features;
    private readonly double[] _weights; // [classes, features + 1], the bias last

    private LogisticRegression(int classes, int features)
    {
        _classes = classes;
        _features = features;
        _weights = new double[classes * (features + 1)];
    }

    /// <summary>Steps of the optimiser until it converged.</summary>
    public int Steps { get; private set; }

    public static LogisticRegression Fit(SparseRow[] rows, int[] labels, int classes, int features, double c)
    {
        LogisticRegression model = new(classes, features);
        model.Steps = Lbfgs.Minimise(
            (weights, gradient) => Loss(model, weights, gradient, rows, labels, c), model._weights, Tolerance, MaxSteps);
        return model;
    }

    /// <summary>The classes' probabilities.</summary>
    public double[] Predict(SparseRow row) => Softmax(_weights, row);

    private static double Loss(
        LogisticRegression model, double[] weights, double[] gradient, SparseRow[] rows, int[] labels, double c)
    {
        int stride = model._features + 1;
        double loss = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            bool isBias = i % stride == model._features;
            gradient[i] = isBias ? 0 : weights[i];
            loss += isBias ? 0 : weights[i] * weights[i] / 2;
        }
        for (int n = 0; n < rows.Length; n++)
        {
            double[] probabilities = model.Softmax(weights, rows[n]);
            loss -= c * Math.Log(probabilities[labels[n]]);
            for (int k = 0; k < model._classes; k++)
            {
                double error = c * (probabilities[k] - (k == labels[n] ? 1 : 0));
                for (int j = 0; j < rows[n].Indices.Length; j++)
                {
                    gradient[(k * stride) + rows[n].Indices[j]] += error * rows[n].Values[j];
                }
                gradient[(k * stride) + model._features] += error;
            }
        }
        return loss;
    }

    private double[] Softmax(double[] weights, SparseRow row)
    {
        var scores = new double[_classes];
        for (int k = 0; k < _classes; k++)
        {
            int start = k * (_features + 1);
            scores[k] = weights[start + _features];
            for (int j = 0; j < row.Indices.Length; j++)
            {
                scores[k] += weights[start + row.Indices[j]] * row.Values[j];
            }
        }
        double max = scores.Max();
        double sum = scores.Sum(score => Math.Exp(score - max));
        return [.. scores.Select(score => Math.Exp(score - max) / sum)];
    }
}
