using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora;

/// <summary>The combinations of values that a tuning tries, in their order.</summary>
internal static class TuningPlan
{
    // Draws in a row that were all tried before, after which there is held to be nothing new.
    private const int MostRepetitions = 100;

    /// <summary>Every combination; the last option named changes fastest.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, object?>> Grid(IReadOnlyList<TunedOption> options)
    {
        IEnumerable<Dictionary<string, object?>> combinations = [[]];
        foreach (TunedOption option in options)
        {
            combinations = combinations.SelectMany(combination => option.Values!.Select(value =>
                new Dictionary<string, object?>(combination) { [option.Name] = value })).ToList();
        }
        return [.. combinations];
    }

    /// <summary>Combinations drawn at random, none twice.</summary>
    /// <param name="options">What differs.</param>
    /// <param name="trials">How many to draw.</param>
    /// <param name="seed">Decides the draws; a longer plan of the same seed begins with the shorter one.</param>
    public static IReadOnlyList<IReadOnlyDictionary<string, object?>> Random(
        IReadOnlyList<TunedOption> options, int trials, int seed)
    {
        var stream = new RandomStream((uint)seed, "tuning");
        var plan = new List<Dictionary<string, object?>>();
        int repetitions = 0;
        for (int draw = 0; plan.Count < trials && repetitions < MostRepetitions; draw++)
        {
            RandomStream random = stream.Fork(draw);
            Dictionary<string, object?> combination =
                options.ToDictionary(option => option.Name, option => option.Draw(random));
            if (plan.Any(other => other.All(pair => Equals(combination[pair.Key], pair.Value))))
            {
                repetitions++;
                continue;
            }
            plan.Add(combination);
            repetitions = 0;
        }
        return plan;
    }
}
