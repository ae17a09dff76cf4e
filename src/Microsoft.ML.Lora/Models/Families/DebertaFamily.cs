using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Models.Families;

/// <summary>DeBERTa v2 and v3: BERT's layers with an attention that sees distances, and a pooler with GELU outside the encoder.</summary>
internal static class DebertaFamily
{
    /// <summary>The family.</summary>
    public static ModelFamily DebertaV2 { get; } = new()
    {
        ModelType = "deberta-v2",
        ClassName = "DebertaV2",
        Prefix = "deberta.",
        Style = LayerStyle.DebertaV2,
        Embeddings = new EmbeddingNames { Position = null, TokenType = null },
        Layer = new LayerNames
        {
            Query = "attention.self.query_proj",
            Key = "attention.self.key_proj",
            Value = "attention.self.value_proj",
        },
        Head = new HeadNames { Dense = "pooler.dense", Activation = Activation.Gelu },
    };
}
