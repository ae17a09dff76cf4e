namespace Microsoft.ML.Lora.Tasks;

/// <summary>From a head's logits to what a user reads: class probabilities and the most probable class.</summary>
internal static class Probabilities
{
    /// <summary>Softmax of one row, in place: p = exp(z − max z) / Σ exp(z − max z), summed in double.</summary>
    public static void FromLogits(Span<float> row)
    {
        float largest = float.NegativeInfinity;
        foreach (float value in row)
        {
            largest = Math.Max(largest, value);
        }
        double sum = 0;
        foreach (ref float value in row)
        {
            value = MathF.Exp(value - largest);
            sum += value;
        }
        foreach (ref float value in row)
        {
            value = (float)(value / sum);
        }
    }

    /// <summary>Softmax of each row of [rows, <paramref name="classes"/>], in place.</summary>
    public static void FromLogits(Span<float> rows, int classes)
    {
        for (int first = 0; first < rows.Length; first += classes)
        {
            FromLogits(rows.Slice(first, classes));
        }
    }

    /// <summary>Index of the largest value; the first of equals.</summary>
    public static int IndexOfLargest(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int i = 1; i < row.Length; i++)
        {
            if (row[i] > row[best])
            {
                best = i;
            }
        }
        return best;
    }
}
