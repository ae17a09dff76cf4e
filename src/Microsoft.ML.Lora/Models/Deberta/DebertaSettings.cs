using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Models.Deberta;

/// <summary>What config.json says of a DeBERTa v2 or v3 beyond the sizes every encoder has.</summary>
internal sealed record DebertaSettings
{
    /// <summary>Half the number of vectors of distances.</summary>
    public required int Span { get; init; }

    /// <summary>Number of distances, to either side, that share the vectors; 0 where each distance has its own.</summary>
    public required int Buckets { get; init; }

    /// <summary>The greatest distance that is told apart.</summary>
    public required int MaxDistance { get; init; }

    /// <summary>Whether contents' queries are compared with positions.</summary>
    public required bool ContentToPosition { get; init; }

    /// <summary>Whether contents' keys are compared with positions.</summary>
    public required bool PositionToContent { get; init; }

    /// <summary>Whether the vectors of distances go through a layer norm.</summary>
    public required bool NormalisesDistances { get; init; }

    /// <summary>Reads and checks them.</summary>
    /// <exception cref="NotSupportedException">The model uses a part of DeBERTa that is not supported.</exception>
    public static DebertaSettings Read(ConfigJson json)
    {
        Refuse(!json.GetBool("relative_attention", false), "relative_attention false");
        Refuse(!json.GetBool("share_att_key", false), "share_att_key false");
        Refuse(json.GetBool("position_biased_input", true), "position_biased_input true");
        Refuse(json.GetInt("type_vocab_size", 0) > 0, "type_vocab_size above 0");
        Refuse(json.GetInt("conv_kernel_size", 0) > 0, "conv_kernel_size above 0");
        int max = json.GetInt("max_relative_positions", -1);
        max = max < 1 ? json.GetInt("max_position_embeddings") : max;
        int buckets = Math.Max(0, json.GetInt("position_buckets", -1));
        string kinds = json.Has("pos_att_type")
            ? json.Root.GetProperty("pos_att_type").GetRawText()
            : string.Empty;
        return new DebertaSettings
        {
            Span = buckets > 0 ? buckets : max,
            Buckets = buckets,
            MaxDistance = max,
            ContentToPosition = kinds.Contains("c2p", StringComparison.Ordinal),
            PositionToContent = kinds.Contains("p2c", StringComparison.Ordinal),
            NormalisesDistances = (json.TryGetString("norm_rel_ebd") ?? "none").Contains("layer_norm", StringComparison.Ordinal),
        };

        void Refuse(bool unsupported, string what)
        {
            if (unsupported)
            {
                Throw.NotSupported_InFile(json.File, $"{what} is not supported.");
            }
        }
    }

    /// <summary>The row of the table for every distance from −(longest − 1) to longest − 1, query less key.</summary>
    public int[] RowsByDistance(int longest) =>
        [.. Enumerable.Range(1 - longest, (2 * longest) - 1).Select(distance => Math.Clamp(Bucket(distance) + Span, 0, (2 * Span) - 1))];

    // Near distances have a bucket each, far ones share them by their logarithm.
    private int Bucket(int distance)
    {
        int middle = Buckets / 2;
        if (Buckets == 0 || Math.Abs(distance) <= middle)
        {
            return distance;
        }

        float share = MathF.Log((float)Math.Abs(distance) / middle) / MathF.Log((float)(MaxDistance - 1) / middle);
        return Math.Sign(distance) * ((int)MathF.Ceiling(share * (middle - 1)) + middle);
    }
}
