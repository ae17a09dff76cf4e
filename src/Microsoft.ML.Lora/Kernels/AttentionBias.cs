using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>What is added to attention scores, by the distance from query to key; <c>default</c> adds nothing.</summary>
internal readonly struct AttentionBias
{
    /// <summary>
    /// [H, 2·L − 1] with L the longest sequence: column L − 1 + (key − query) is added to the scaled score of that
    /// pair (relative position bias of MPNet and T5, ALiBi); empty for none.
    /// </summary>
    public Matrix Relative { get; init; }

    /// <summary>Keys further than this from the query are invisible (half of ModernBERT's local window); 0: all are seen.</summary>
    public int Reach { get; init; }

    public bool IsEmpty => Relative.IsEmpty && Reach == 0;
}
