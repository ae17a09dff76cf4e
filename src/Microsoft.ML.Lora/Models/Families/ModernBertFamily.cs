using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Models.Families;

/// <summary>ModernBERT: no position vectors, no biases, a head of dense, GELU and norm that belongs to the base.</summary>
internal static class ModernBertFamily
{
    /// <summary>The family.</summary>
    public static ModelFamily ModernBert { get; } = new()
    {
        ModelType = "modernbert",
        ClassName = "ModernBert",
        Prefix = "model.",
        Style = LayerStyle.ModernBert,
        Embeddings = new EmbeddingNames
        {
            Word = "embeddings.tok_embeddings",
            Position = null,
            TokenType = null,
            Norm = "embeddings.norm",
        },
        FinalNorm = "final_norm",
        Head = new HeadNames
        {
            Dense = "head.dense",
            DenseHasBias = false,
            Activation = Activation.Gelu,
            Norm = "head.norm",
            DenseModule = "head",
        },
        Keys = new ConfigKeys { HiddenAct = "hidden_activation", LayerNormEps = "norm_eps" },
    };
}
