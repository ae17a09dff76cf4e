using System.Text.RegularExpressions;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// Gives layers ranks by what their updates use: twice the number of directions that stand out of the noise, and where all of them
/// together cost too much, less for the directions with the least energy for their cost (after AdaLoRA, Zhang et al. 2023).
/// </summary>
/// <remarks>
/// The steps of a training leave a bulk of small singular values, as noise does. The edge of a square noise matrix lies at 2.858 times
/// the median singular value (Gavish and Donoho 2014, for an unknown level of noise); what is above was learned.
/// </remarks>
internal static class RankAllocation
{
    private const double NoiseEdge = 2.858;
    private const int LeastRank = 4;
    private const int Step = 2;

    /// <summary>The ranks, even numbers, of layers whose updates have these singular values.</summary>
    /// <param name="layers">Name, cost of a rank (inputs + outputs), singular values of the update, falling.</param>
    /// <param name="budget">The rank that all layers together may cost as much as.</param>
    public static IReadOnlyDictionary<string, int> Of(
        IReadOnlyList<(string Name, int Cost, double[] Values)> layers, int budget)
    {
        int[] ranks = [.. layers.Select(layer => Wanted(layer.Values))];
        long over = layers.Zip(ranks, (layer, rank) => (long)(rank - budget) * layer.Cost).Sum();
        while (over > 0 && Cheapest(layers, ranks) is int last)
        {
            ranks[last] -= Step;
            over -= Step * layers[last].Cost;
        }

        return layers.Zip(ranks).ToDictionary(pair => pair.First.Name, pair => pair.Second);
    }

    /// <summary>The config with these ranks, each at the same scaling.</summary>
    public static AdapterConfig AtScaling(AdapterConfig config, IReadOnlyDictionary<string, int> ranks, float scaling)
    {
        AdapterConfig ranked = UpdateTruncation.WithRanks(config, ranks);
        return ranked with
        {
            Initialization = config.Initialization,
            Alpha = AlphaOf(ranked.Rank),
            AlphaPattern = ranks.Where(layer => layer.Value != ranked.Rank)
                .ToDictionary(layer => Regex.Escape(layer.Key), layer => AlphaOf(layer.Value)),
        };

        float AlphaOf(int rank) => scaling * (config.UseRsLora ? MathF.Sqrt(rank) : rank);
    }

    private static int Wanted(double[] values)
    {
        double edge = NoiseEdge * values[values.Length / 2];
        int found = values.Count(value => value > edge);
        return Math.Min(Math.Max(2 * found, LeastRank), values.Length - (values.Length % Step));
    }

    // The layer whose last directions hold the least energy for what they cost; null where all are at the least rank.
    private static int? Cheapest(IReadOnlyList<(string Name, int Cost, double[] Values)> layers, int[] ranks)
    {
        int? cheapest = null;
        double least = double.PositiveInfinity;
        for (int i = 0; i < ranks.Length; i++)
        {
            (_, int cost, double[] values) = layers[i];
            double energy = values.Take(ranks[i]).TakeLast(Step).Sum(value => value * value) / cost;
            if (ranks[i] > LeastRank && energy < least)
            {
                (cheapest, least) = (i, energy);
            }
        }

        return cheapest;
    }
}
