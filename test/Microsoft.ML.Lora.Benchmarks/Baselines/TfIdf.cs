using System.Text.RegularExpressions;

namespace Microsoft.ML.Lora.Benchmarks.Baselines;

/// <summary>
/// Words and pairs of neighbouring words, weighted by count · (ln((1 + n) / (1 + df)) + 1) and scaled to length 1:
/// n texts, df of them with the term. A word is two or more letters, digits or underscores, in lower case.
/// </summary>
internal sealed partial class TfIdf
{
    private readonly Dictionary<string, int> _terms = [];
    private readonly double[] _weights;

    /// <summary>Takes the terms and their weights from the training texts.</summary>
    public TfIdf(IReadOnlyCollection<string> texts)
    {
        List<int> frequencies = [];
        foreach (string text in texts)
        {
            foreach (string term in Terms(text).Distinct())
            {
                if (_terms.TryAdd(term, frequencies.Count))
                {
                    frequencies.Add(0);
                }
                frequencies[_terms[term]]++;
            }
        }
        _weights = [.. frequencies.Select(df => Math.Log((1.0 + texts.Count) / (1.0 + df)) + 1)];
    }

    public int Count => _weights.Length;

    /// <summary>The features of a text; terms that no training text has are left out.</summary>
    public SparseRow Transform(string text)
    {
        SortedDictionary<int, double> values = [];
        foreach (string term in Terms(text))
        {
            if (_terms.TryGetValue(term, out int index))
            {
                values[index] = values.GetValueOrDefault(index) + _weights[index];
            }
        }
        double length = Math.Sqrt(values.Values.Sum(value => value * value));
        return new SparseRow([.. values.Keys], [.. values.Values.Select(value => value / length)]);
    }

    private static IEnumerable<string> Terms(string text)
    {
        string[] words = [.. Word().Matches(text.ToLowerInvariant()).Select(match => match.Value)];
        return words.Concat(words.Zip(words.Skip(1), (first, second) => $"{first} {second}"));
    }

    [GeneratedRegex(@"\b\w\w+\b")]
    private static partial Regex Word();
}
