using System.Text.RegularExpressions;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>An adapter made smaller: every update cut to the leading directions of its singular value decomposition.</summary>
internal static class UpdateTruncation
{
    /// <summary>Cuts every update.</summary>
    /// <param name="config">How the adapter was trained.</param>
    /// <param name="state">Its tensors; those that are no updates stay.</param>
    /// <param name="rankOf">The rank that a module's update is cut to: 1 or more.</param>
    public static (AdapterConfig Config, AdapterState State) Apply(
        AdapterConfig config, AdapterState state, Func<string, int> rankOf)
    {
        AdapterConfig smaller = WithRanks(config, Modules(state).ToDictionary(
            module => module, module => Math.Clamp(rankOf(module), 1, MostOf(state, module))));
        return (smaller, Cut(config, state, smaller));
    }

    /// <summary>The tensors with every update cut to the rank, and brought to the scaling, that another config has for it.</summary>
    public static AdapterState Cut(AdapterConfig config, AdapterState state, AdapterConfig smaller)
    {
        AdapterState result = state.Clone();
        foreach (string module in Modules(state))
        {
            UpdateSvd svd = UpdateSvd.Of(
                state[module + PeftKeys.Down], state[module + PeftKeys.Up], config.RankAndScaling(module).Scaling);
            (int rank, float scaling) = smaller.RankAndScaling(module);
            (result[module + PeftKeys.Down], result[module + PeftKeys.Up]) = svd.Truncate(rank, scaling);
        }

        return result;
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

    // What the update's singular values are in number.
    private static int MostOf(AdapterState state, string module)
    {
        IReadOnlyList<int> a = state[module + PeftKeys.Down].Shape;
        return Math.Min(a[0], Math.Min(a[1], state[module + PeftKeys.Up].Shape[0]));
    }
}
