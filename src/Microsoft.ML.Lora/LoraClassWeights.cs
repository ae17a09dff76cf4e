using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora;

/// <summary>How much the rows of each class count in the loss. The mean of a step is over these weights.</summary>
public sealed class LoraClassWeights
{
    private readonly float[]? _inOrder;
    private readonly Dictionary<string, float>? _byLabel;

    private LoraClassWeights(float[]? inOrder, Dictionary<string, float>? byLabel)
    {
        _inOrder = inOrder;
        _byLabel = byLabel;
    }

    /// <summary>N / (K·n) for a class with n of the N training rows, K being the number of classes: each class counts the same.</summary>
    public static LoraClassWeights Balanced { get; } = new(null, null);

    /// <summary>Weights in the order of the label's key values.</summary>
    /// <param name="weights">One a class, above 0.</param>
    /// <exception cref="ArgumentException">A weight is not a number above 0, or there is none.</exception>
    public static LoraClassWeights InOrder(params float[] weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Check(weights, nameof(weights));
        return new LoraClassWeights([.. weights], null);
    }

    /// <summary>Weights by label; labels that are not named have the weight 1.</summary>
    /// <param name="weights">Label (its number from 1 where the key has no values) and weight, above 0.</param>
    /// <exception cref="ArgumentException">A weight is not a number above 0, or there is none.</exception>
    public static LoraClassWeights ByLabel(IReadOnlyDictionary<string, float> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Check([.. weights.Values], nameof(weights));
        return new LoraClassWeights(null, new Dictionary<string, float>(weights, StringComparer.Ordinal));
    }

    /// <summary>The weight of each class.</summary>
    /// <exception cref="ArgumentException">The weights are not those of these classes.</exception>
    internal float[] Of(LabelSet labels, IReadOnlyList<EncodedExample> rows)
    {
        if (_inOrder is not null)
        {
            return _inOrder.Length == labels.Count
                ? _inOrder
                : throw new ArgumentException(
                    $"ClassWeights has {_inOrder.Length} weights for {labels.Count} classes: {string.Join(", ", labels.Names())}.");
        }
        return _byLabel is null ? Even(labels.Count, rows) : ByName(_byLabel, labels);
    }

    private static float[] Even(int classes, IReadOnlyList<EncodedExample> rows)
    {
        var counts = new int[classes];
        foreach (EncodedExample row in rows)
        {
            counts[row.ClassIndex]++;
        }
        return [.. counts.Select(count => count == 0 ? 1 : rows.Count / ((float)classes * count))];
    }

    private static float[] ByName(Dictionary<string, float> weights, LabelSet labels)
    {
        string[] names = labels.Names();
        string[] unknown = [.. weights.Keys.Where(label => !names.Contains(label, StringComparer.Ordinal))];
        return unknown.Length == 0
            ? [.. names.Select(name => weights.GetValueOrDefault(name, 1))]
            : throw new ArgumentException(
                $"ClassWeights names what is no label: {string.Join(", ", unknown)}. The labels are: {string.Join(", ", names)}.");
    }

    private static void Check(float[] weights, string parameter)
    {
        if (weights.Length == 0 || weights.Any(weight => !(weight > 0) || !float.IsFinite(weight)))
        {
            throw new ArgumentException("Give one or more weights, all of them finite and above 0.", parameter);
        }
    }
}
