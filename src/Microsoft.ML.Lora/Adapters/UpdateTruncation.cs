using System.Text.RegularExpressions;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>An adapter made smaller: every update cut to the leading directions of its singular value decomposition.</summary>
internal static class UpdateTruncation
{
    /// <summary>Cuts every update.</summary>
    /// <param name="config">How the adapter was trained.</param>
    /// <param name="state">Its tensors; those that are no updates stay.</param>
    /// <param name="rankOf">The rank that an update of these singular values is cut to: 1 or more.</param>
    public static (AdapterConfig Config, AdapterState State) Apply(
        AdapterConfig config, AdapterState state, Func<string, double[], int> rankOf)
    {
        var updates = new Dictionary<string, UpdateSvd>(StringComparer.Ordinal);
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string module in Modules(state))
        {
            UpdateSvd svd = UpdateSvd.Of(
                state[module + PeftKeys.Down], state[module + PeftKeys.Up], config.RankAndScaling(module).Scaling);
            updates[module] = svd;
            ranks[module] = Math.Clamp(rankOf(module, svd.Values), 1, svd.Values.Length);
        }

        AdapterConfig smaller = WithRanks(config, ranks);
        AdapterState result = state.Clone();
        foreach ((string module, UpdateSvd svd) in updates)
        {
            (result[module + PeftKeys.Down], result[module + PeftKeys.Up]) =
                svd.Truncate(ranks[module], smaller.RankAndScaling(module).Scaling);
        }

        return (smaller, result);
    }

    /// <summary>The modules that have an update, sorted.</summary>
    public static IReadOnlyList<string> Modules(AdapterState state) =>
    [
        .. state.Names.Where(name => name.EndsWith(PeftKeys.Down, StringComparison.Ordinal))
            .Select(name => name[..^PeftKeys.Down.Length]),
    ];

    /// <summary>The config with these ranks: the most frequent one for all, a pattern for every layer of another.</summary>
    public static AdapterConfig WithRanks(AdapterConfig config, IReadOnlyDictionary<string, int> ranks)
    {
        int usual = ranks.Values.GroupBy(rank => rank).OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key)
            .First().Key;
        return config with
        {
            Rank = usual,
            Initialization = AdapterInitialization.Kaiming,
            AlphaPattern = new Dictionary<string, float>(),
            RankPattern = ranks.Where(layer => layer.Value != usual)
                .ToDictionary(layer => Regex.Escape(layer.Key), layer => layer.Value),
        };
    }
}
