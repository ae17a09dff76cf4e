using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Training;

/// <summary>Holds back a part of the training examples in which every class keeps its share.</summary>
internal static class StratifiedSplit
{
    /// <summary>
    /// Splits the examples 0..N−1 by class. Every class gives the nearest whole number of its examples to
    /// <paramref name="fraction"/>, at least one when it has two or more; a class of one example stays in training.
    /// </summary>
    /// <param name="classes">Class of each example.</param>
    /// <param name="fraction">Share to hold back, above 0 and below 1.</param>
    /// <param name="seed">Decides which examples are held back.</param>
    public static (int[] Training, int[] Validation) Of(IReadOnlyList<int> classes, double fraction, int seed)
    {
        int[] order = [.. Enumerable.Range(0, classes.Count)];
        new RandomStream((uint)seed, "validation").Shuffle(order.AsSpan());
        Dictionary<int, int> quota = classes.GroupBy(c => c).ToDictionary(g => g.Key, g => Quota(g.Count(), fraction));
        var validation = new List<int>();
        var training = new List<int>(classes.Count);
        foreach (int example in order)
        {
            if (quota[classes[example]]-- > 0)
            {
                validation.Add(example);
            }
            else
            {
                training.Add(example);
            }
        }
        training.Sort();
        validation.Sort();
        return ([.. training], [.. validation]);
    }

    private static int Quota(int count, double fraction)
    {
        if (count < 2)
        {
            return 0;
        }
        return Math.Clamp((int)Math.Round(count * fraction, MidpointRounding.AwayFromZero), 1, count - 1);
    }
}
