namespace Microsoft.ML.Lora.Training.Resuming;

/// <summary>What decides a run's bits; a run is resumed only by one of the same identity.</summary>
/// <param name="Seed">The seed of everything random.</param>
/// <param name="Facts">Options, rows, classes and base by name: their text, or a hash of them.</param>
internal sealed record RunIdentity(int Seed, IReadOnlyDictionary<string, string> Facts)
{
    private const int HashLength = 64;

    /// <summary>What differs from another run, one phrase each; empty when nothing does.</summary>
    public IReadOnlyList<string> DifferencesFrom(RunIdentity other)
    {
        var differences = new List<string>();
        if (Seed != other.Seed)
        {
            differences.Add($"Seed is {Seed} here and {other.Seed} there");
        }
        foreach (string name in Facts.Keys.Union(other.Facts.Keys).Order(StringComparer.Ordinal))
        {
            string here = Facts.GetValueOrDefault(name, "unknown");
            string there = other.Facts.GetValueOrDefault(name, "unknown");
            if (here != there)
            {
                differences.Add(here.Length == HashLength || there.Length == HashLength
                    ? $"the {name} differ"
                    : $"{name} is {here} here and {there} there");
            }
        }
        return differences;
    }
}
