using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Models.ModernBert;

/// <summary>What config.json says of a ModernBERT beyond the sizes every encoder has.</summary>
internal sealed record ModernBertSettings
{
    private const double DefaultGlobalTheta = 160_000;
    private const double DefaultLocalTheta = 10_000;

    /// <summary>For each layer, whether every token sees every other, rather than those near it.</summary>
    public required IReadOnlyList<bool> IsGlobal { get; init; }

    /// <summary>Base of the rotary angles in global layers.</summary>
    public required double GlobalTheta { get; init; }

    /// <summary>Base of the rotary angles in local layers.</summary>
    public required double LocalTheta { get; init; }

    /// <summary>How far a token sees in local layers, to either side.</summary>
    public required int Reach { get; init; }

    /// <summary>Whether the attention's products have a bias.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Whether the feed-forward part's products have a bias.</summary>
    public required bool MlpBias { get; init; }

    /// <summary>Reads them; both the present keys and those of the first published models.</summary>
    public static ModernBertSettings Read(ConfigJson json, int layers)
    {
        ConfigJson? rotary = json.GetObject("rope_parameters");
        int every = Math.Max(1, json.GetInt("global_attn_every_n_layers", 3));
        IReadOnlyList<string>? types = json.TryGetStrings("layer_types");
        if (types is not null && types.Count != layers)
        {
            Throw.InvalidData_File(json.File, $"'layer_types' has {types.Count} entries for {layers} layers.");
        }

        return new ModernBertSettings
        {
            IsGlobal =
            [
                .. Enumerable.Range(0, layers).Select(i => types is null ? i % every == 0 : types[i] == "full_attention"),
            ],
            GlobalTheta = Theta("full_attention", "global_rope_theta", DefaultGlobalTheta),
            LocalTheta = Theta("sliding_attention", "local_rope_theta", DefaultLocalTheta),
            Reach = json.GetInt("local_attention", 128) / 2,
            AttentionBias = json.GetBool("attention_bias", false),
            MlpBias = json.GetBool("mlp_bias", false),
        };

        double Theta(string layerType, string oldKey, double otherwise) =>
            rotary?.GetObject(layerType)?.TryGetDouble("rope_theta") ?? json.GetDouble(oldKey, otherwise);
    }
}
