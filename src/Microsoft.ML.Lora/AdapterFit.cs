using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora;

/// <summary>Whether what is asked of the adapters is there in the base model: all that is not is named in one message.</summary>
internal static class AdapterFit
{
    /// <exception cref="ArgumentException">Options name layers or modules that the base model does not have.</exception>
    public static void Check(AdapterConfig config, ModelLayout layout, string baseModel)
    {
        var problems = new List<string>();
        int[] beyond = [.. config.LayersToTransform?.Where(layer => layer >= layout.EncoderLayers) ?? []];
        if (beyond.Length > 0)
        {
            problems.Add($"LayersToTransform names {string.Join(", ", beyond)}, and its layers are 0 to {layout.EncoderLayers - 1}");
        }
        CheckPatterns(config.RankPattern.Keys, nameof(config.RankPattern), layout, problems);
        CheckPatterns(config.AlphaPattern.Keys, nameof(config.AlphaPattern), layout, problems);
        if (config.ModulesToSave.Any(module => module != layout.ModuleToSave))
        {
            problems.Add($"ModulesToSave names {string.Join(", ", config.ModulesToSave)}, and " + (layout.ModuleToSave is { } module
                ? $"'{module}' can be named"
                : "no module of the head belongs to the base model: leave it out, or set Pooling to FamilyHead where the family has one"));
        }
        if (config.Initialization is AdapterInitialization.Pissa or AdapterInitialization.Olora)
        {
            problems.AddRange(layout.Adapted.Where(layer => layer.Rank > Math.Min(layer.Inputs, layer.Outputs)).Select(layer =>
                $"Initialization {config.Initialization} takes rank {layer.Rank} out of {layer.Name}, whose weight " +
                $"[{layer.Outputs}, {layer.Inputs}] has less"));
        }
        if (problems.Count > 0)
        {
            throw new ArgumentException($"The base model in '{baseModel}' does not have what is asked for: " +
                $"{string.Join("; ", problems)}.");
        }
    }

    private static void CheckPatterns(
        IEnumerable<string> patterns, string option, ModelLayout layout, List<string> problems) =>
        problems.AddRange(patterns
            .Where(pattern => !layout.Adapted.Any(layer => AdapterConfig.Matches(pattern, layer.Name)))
            .Select(pattern => $"{option} has '{pattern}', which matches no adapted layer; these are " +
                string.Join(", ", layout.Adapted.Select(layer => layer.Name))));
}
