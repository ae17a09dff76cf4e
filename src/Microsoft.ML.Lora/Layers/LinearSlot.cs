namespace Microsoft.ML.Lora.Layers;

/// <summary>The part a linear layer plays in its encoder layer.</summary>
[Flags]
internal enum LinearRole
{
    /// <summary>None of the below.</summary>
    None = 0,

    /// <summary>Queries.</summary>
    Query = 1,

    /// <summary>Keys.</summary>
    Key = 2,

    /// <summary>Values.</summary>
    Value = 4,

    /// <summary>Queries, keys and values in one product.</summary>
    QueryKeyValue = 8,

    /// <summary>The projection after the attention.</summary>
    AttentionOutput = 16,

    /// <summary>The widening product of the feed-forward part.</summary>
    Intermediate = 32,

    /// <summary>The narrowing product of the feed-forward part.</summary>
    Output = 64,
}

/// <summary>
/// A named place for a linear layer that the encoder publishes: adapters replace what is in it. Its name is the path in the
/// checkpoint, the target-module name and the adapter key at once.
/// </summary>
internal sealed class LinearSlot(string name, LinearRole role, int layerIndex, LinearLayer layer)
{
    /// <summary>The module path: <c>bert.encoder.layer.0.attention.self.query</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The part it plays.</summary>
    public LinearRole Role { get; } = role;

    /// <summary>Index of the encoder layer it belongs to.</summary>
    public int LayerIndex { get; } = layerIndex;

    /// <summary>The layer in it.</summary>
    public LinearLayer Layer { get; set; } = layer;
}
