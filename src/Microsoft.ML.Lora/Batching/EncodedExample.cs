namespace Microsoft.ML.Lora.Batching;

/// <summary>One example as the engine takes it: token ids with special tokens, and what is to be predicted.</summary>
internal sealed class EncodedExample
{
    /// <summary>Token ids, special tokens included; at least one.</summary>
    public required int[] Ids { get; init; }

    /// <summary>Segment of each token, or null where every token is of segment 0.</summary>
    public int[]? TypeIds { get; init; }

    /// <summary>Index of the class, for classification.</summary>
    public int ClassIndex { get; init; }

    /// <summary>The number to predict, for regression.</summary>
    public float RealTarget { get; init; }

    /// <summary>For each output 1 where it applies and 0 where not, for labels that do not exclude each other; else null.</summary>
    public float[]? Labels { get; init; }

    /// <summary>Weight of the example in the loss; 1 by default.</summary>
    public float Weight { get; init; } = 1;
}
