using System.Globalization;

namespace Microsoft.ML.Lora.Tasks;

/// <summary>The classes of a classification task in the order of the label's key values.</summary>
/// <param name="Count">Number of classes: the key's cardinality, whether or not every class was seen in training.</param>
/// <param name="ValueType">Name of the key values' type (<c>String</c>, <c>Int32</c>, …); null when the key has none.</param>
/// <param name="Values">The key values as invariant text, one a class; null when the key has none.</param>
internal sealed record LabelSet(int Count, string? ValueType, IReadOnlyList<string>? Values)
{
    /// <summary>What a person calls the class: its key value, or its one-based number when the key has no values.</summary>
    public string NameOf(int classIndex) =>
        Values is null ? (classIndex + 1).ToString(CultureInfo.InvariantCulture) : Values[classIndex];

    /// <summary>All names, in class order.</summary>
    public string[] Names()
    {
        var names = new string[Count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = NameOf(i);
        }
        return names;
    }

    /// <summary>Whether both have the same classes in the same order.</summary>
    public bool IsSameAs(LabelSet other) => Count == other.Count && ValueType == other.ValueType
        && (Values is null ? other.Values is null : other.Values is not null && Values.SequenceEqual(other.Values));
}
