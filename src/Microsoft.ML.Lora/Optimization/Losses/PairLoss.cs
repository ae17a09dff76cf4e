using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Optimization.Losses;

/// <summary>
/// How far the cosines of a batch's pairs are from what they should be: ½·mean (1 − cos)² over pairs of one class + ½·mean cos² over
/// pairs of two classes, a pair's weight being the product of its rows' (Reimers and Gurevych 2019, "Sentence-BERT"; for few examples
/// Tunstall et al. 2022, "Efficient Few-Shot Learning Without Prompts").
/// </summary>
internal sealed class PairLoss
{
    private const double ShortestLength = 1e-12;

    private double[] _directions = [];
    private double[] _lengths = [];
    private double[] _sums = [];
    private double[] _along = [];

    /// <summary>The loss of a batch, and its gradient.</summary>
    /// <param name="features">Of each row [B, C].</param>
    /// <param name="classes">Class of each row [B].</param>
    /// <param name="weights">Weight of each row [B], 0 or more.</param>
    /// <param name="gradient">Receives d loss / d features [B, C].</param>
    public double Evaluate(Matrix features, ReadOnlySpan<int> classes, ReadOnlySpan<double> weights, Matrix gradient)
    {
        int rows = features.Rows;
        Normalise(features);
        (double alike, double unlike) = TotalWeights(classes, weights);
        double loss = 0;
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < i; j++)
            {
                bool isAlike = classes[i] == classes[j];
                double weight = weights[i] * weights[j];
                if (weight > 0)
                {
                    loss += Pair(i, j, features.Columns, isAlike ? 1 : 0, weight / (2 * (isAlike ? alike : unlike)));
                }
            }
        }

        for (int i = 0; i < rows; i++)
        {
            Span<float> target = gradient[i];
            ReadOnlySpan<double> sum = Of(_sums, i, target.Length), direction = Of(_directions, i, target.Length);
            for (int k = 0; k < target.Length; k++)
            {
                target[k] = (float)((sum[k] - (_along[i] * direction[k])) / _lengths[i]);
            }
        }

        return loss;
    }

    private void Normalise(Matrix features)
    {
        int rows = features.Rows, width = features.Columns;
        if (_lengths.Length < rows || _directions.Length < rows * width)
        {
            _directions = new double[rows * width];
            _sums = new double[rows * width];
            _lengths = new double[rows];
            _along = new double[rows];
        }

        Array.Clear(_sums);
        Array.Clear(_along);
        for (int i = 0; i < rows; i++)
        {
            ReadOnlySpan<float> row = features[i];
            double squares = 0;
            foreach (float value in row)
            {
                squares += (double)value * value;
            }

            _lengths[i] = Math.Max(Math.Sqrt(squares), ShortestLength);
            Span<double> direction = Of(_directions, i, width);
            for (int k = 0; k < width; k++)
            {
                direction[k] = row[k] / _lengths[i];
            }
        }
    }

    private static (double Alike, double Unlike) TotalWeights(ReadOnlySpan<int> classes, ReadOnlySpan<double> weights)
    {
        double alike = 0, unlike = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                double weight = weights[i] * weights[j];
                (alike, unlike) = classes[i] == classes[j] ? (alike + weight, unlike) : (alike, unlike + weight);
            }
        }

        return (alike, unlike);
    }

    // With z the rows' directions, d cos / d z_i = z_j, of which the part along z_i is taken off in the end.
    private double Pair(int i, int j, int width, double target, double share)
    {
        Span<double> first = Of(_directions, i, width), second = Of(_directions, j, width);
        double cosine = 0;
        for (int k = 0; k < width; k++)
        {
            cosine += first[k] * second[k];
        }

        double error = cosine - target;
        double slope = 2 * share * error;
        Span<double> firstSum = Of(_sums, i, width), secondSum = Of(_sums, j, width);
        for (int k = 0; k < width; k++)
        {
            firstSum[k] += slope * second[k];
            secondSum[k] += slope * first[k];
        }

        _along[i] += slope * cosine;
        _along[j] += slope * cosine;
        return share * error * error;
    }

    private static Span<double> Of(double[] rows, int row, int width) => rows.AsSpan(row * width, width);
}
