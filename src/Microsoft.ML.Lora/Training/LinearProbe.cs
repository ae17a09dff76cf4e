using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Training;

/// <summary>
/// Multinomial logistic regression on what the head reads. Of the untouched base it is the start of a head: from a random one the first
/// steps bend good features towards a meaningless head (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features").
/// </summary>
internal sealed class LinearProbe : IDisposable
{
    private const int MostRows = 20_000;
    private const int Folds = 4;
    private const int MostSteps = 200;
    private const double Tolerance = 1e-5;

    // Weighs the errors' sum against |W|²/2, features having length 1 on average.
    private const double InversePenalty = 10;

    private readonly ThreadTeam _team;
    private readonly AlignedBuffer _buffer;
    private readonly Matrix _features;
    private readonly Matrix _weight;
    private readonly Matrix _errors;
    private readonly Matrix _gradient;
    private readonly int[] _targets;
    private readonly float[] _shares;
    private readonly double _scale;

    private LinearProbe(float[] features, int[] targets, float[] weights, int classes, int threads)
    {
        int rows = targets.Length, width = features.Length / rows;
        _targets = targets;
        float total = weights.Sum();
        _shares = [.. weights.Select(weight => weight / total)];
        _team = new ThreadTeam(threads);
        _buffer = new AlignedBuffer(((long)rows * (width + classes)) + (2L * classes * width));
        _features = _buffer.AsMatrix(rows, width);
        _errors = _buffer.AsMatrix(rows, classes, (long)rows * width);
        _weight = _buffer.AsMatrix(classes, width, (long)rows * (width + classes));
        _gradient = _buffer.AsMatrix(classes, width, ((long)rows * (width + classes)) + ((long)classes * width));
        features.CopyTo(_features.Span);
        double squares = features.Sum(value => (double)value * value);
        _scale = squares > 0 ? 1 / Math.Sqrt(squares / rows) : 1;
        Elementwise.Scale(_features, (float)_scale, _features);
    }

    /// <summary>Fits the head of a session to what it reads with the weights as they are.</summary>
    /// <param name="session">The session.</param>
    /// <param name="examples">The training examples; of very many, evenly spaced ones are looked at.</param>
    /// <param name="head">The head.</param>
    public static void StartHead(ITrainingSession session, IReadOnlyList<EncodedExample> examples, HeadFit head)
    {
        EncodedExample[] chosen = Chosen(examples);
        if (chosen.Length == 0)
        {
            return;
        }
        (float[] weight, float[] bias) = Fit(
            Evaluator.Features(session, chosen, head.Width), [.. chosen.Select(example => example.ClassIndex)],
            [.. chosen.Select(example => example.Weight * (head.ClassWeights?[example.ClassIndex] ?? 1))],
            head.Classes, head.Threads);
        session.StartHead(weight, bias);
    }

    /// <summary>
    /// The share of examples that are told right by a regression which has not seen them: each fourth of every class by one on the rest.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="examples">The training examples; of very many, evenly spaced ones are looked at.</param>
    /// <param name="head">The head.</param>
    public static double HeldOutAccuracy(ITrainingSession session, IReadOnlyList<EncodedExample> examples, HeadFit head)
    {
        EncodedExample[] chosen = Chosen(examples);
        float[] features = Evaluator.Features(session, chosen, head.Width);
        int[] folds = new int[chosen.Length], seen = new int[head.Classes];
        for (int i = 0; i < chosen.Length; i++)
        {
            folds[i] = seen[chosen[i].ClassIndex]++ % Folds;
        }
        int right = 0;
        for (int fold = 0; fold < folds.DefaultIfEmpty(-1).Max() + 1; fold++)
        {
            int[] others = [.. Enumerable.Range(0, chosen.Length).Where(i => folds[i] != fold)];
            if (others.Length == 0)
            {
                continue;
            }
            (float[] weight, float[] bias) = Fit(
                [.. others.SelectMany(i => features[(i * head.Width)..((i + 1) * head.Width)])],
                [.. others.Select(i => chosen[i].ClassIndex)], [.. others.Select(i => chosen[i].Weight)],
                head.Classes, head.Threads);
            right += Enumerable.Range(0, chosen.Length).Count(i => folds[i] == fold
                && Prediction(features.AsSpan(i * head.Width, head.Width), weight, bias) == chosen[i].ClassIndex);
        }
        return (double)right / Math.Max(1, chosen.Length);
    }

    /// <summary>
    /// Minimises the weighted mean of the cross-entropies + |W|²/(20·N), with the features [N, width] brought to length 1 on
    /// average and free biases; gives weight [classes, width] and bias [classes] for the features as they came.
    /// </summary>
    public static (float[] Weight, float[] Bias) Fit(
        float[] features, int[] targets, float[] weights, int classes, int threads)
    {
        using var probe = new LinearProbe(features, targets, weights, classes, threads);
        var point = new double[classes * (probe._features.Columns + 1)];
        Lbfgs.Minimise(probe.Loss, point, Tolerance, MostSteps);
        int biases = point.Length - classes;
        return (
            [.. point.Take(biases).Select(value => (float)(value * probe._scale))],
            [.. point.Skip(biases).Select(value => (float)value)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _team.Dispose();
        _buffer.Dispose();
    }

    private static EncodedExample[] Chosen(IReadOnlyList<EncodedExample> examples)
    {
        int step = Math.Max(1, (examples.Count + MostRows - 1) / MostRows);
        return [.. examples.Where((example, i) => i % step == 0 && example.Weight > 0)];
    }

    private static int Prediction(ReadOnlySpan<float> features, float[] weight, float[] bias)
    {
        int best = 0;
        double largest = double.NegativeInfinity;
        for (int k = 0; k < bias.Length; k++)
        {
            double output = bias[k];
            for (int j = 0; j < features.Length; j++)
            {
                output += (double)weight[(k * features.Length) + j] * features[j];
            }
            (best, largest) = output > largest ? (k, output) : (best, largest);
        }
        return best;
    }

    // The point is W [classes, width], then the biases [classes].
    private double Loss(double[] point, double[] gradient)
    {
        int classes = _errors.Columns, biases = point.Length - classes;
        double decay = 1 / (InversePenalty * _targets.Length);
        double loss = 0;
        Span<float> weight = _weight.Span;
        for (int i = 0; i < biases; i++)
        {
            weight[i] = (float)point[i];
            loss += decay * point[i] * point[i] / 2;
        }
        GeneralGemm.MultiplyTransposedRight(_features, _weight, _errors, 1, accumulate: false, _team);
        Array.Clear(gradient, biases, classes);
        for (int row = 0; row < _targets.Length; row++)
        {
            loss += RowLoss(row, point.AsSpan(biases), gradient.AsSpan(biases));
        }
        GeneralGemm.MultiplyTransposedLeft(_errors, _features, _gradient, 1, accumulate: false, _team);
        Span<float> gradWeight = _gradient.Span;
        for (int i = 0; i < biases; i++)
        {
            gradient[i] = gradWeight[i] + (decay * point[i]);
        }
        return loss;
    }

    // Turns a row's logits without biases into share · (probability − target).
    private double RowLoss(int row, ReadOnlySpan<double> bias, Span<double> gradBias)
    {
        Span<float> errors = _errors[row];
        double largest = double.NegativeInfinity, sum = 0;
        for (int k = 0; k < errors.Length; k++)
        {
            largest = Math.Max(largest, errors[k] + bias[k]);
        }
        double target = errors[_targets[row]] + bias[_targets[row]];
        for (int k = 0; k < errors.Length; k++)
        {
            errors[k] = (float)Math.Exp(errors[k] + bias[k] - largest);
            sum += errors[k];
        }
        for (int k = 0; k < errors.Length; k++)
        {
            double error = _shares[row] * ((errors[k] / sum) - (k == _targets[row] ? 1 : 0));
            errors[k] = (float)error;
            gradBias[k] += error;
        }
        return _shares[row] * (largest + Math.Log(sum) - target);
    }
}
