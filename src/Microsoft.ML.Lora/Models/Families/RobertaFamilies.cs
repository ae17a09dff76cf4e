using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Models.Families;

/// <summary>RoBERTa and its kin: positions count from the padding id on, and the head is new.</summary>
internal static class RobertaFamilies
{
    /// <summary>RoBERTa.</summary>
    public static ModelFamily Roberta { get; } = Named("roberta", "Roberta");

    /// <summary>XLM-RoBERTa: RoBERTa's modules and names.</summary>
    public static ModelFamily XlmRoberta { get; } = Named("xlm-roberta", "XLMRoberta");

    /// <summary>CamemBERT: RoBERTa's modules and names.</summary>
    public static ModelFamily Camembert { get; } = Named("camembert", "Camembert");

    /// <summary>MPNet: no segments, and one bias by relative position for all layers.</summary>
    public static ModelFamily MPNet { get; } = new()
    {
        ModelType = "mpnet",
        ClassName = "MPNet",
        Prefix = "mpnet.",
        Embeddings = new EmbeddingNames { TokenType = null },
        Layer = new LayerNames
        {
            Query = "attention.attn.q",
            Key = "attention.attn.k",
            Value = "attention.attn.v",
            AttentionOutput = "attention.attn.o",
            AttentionNorm = "attention.LayerNorm",
        },
        Head = BertFamilies.DenseHead(Activation.Tanh),
        PositionsFollowPadding = true,
        RelativeBias = "encoder.relative_attention_bias",
    };

    private static ModelFamily Named(string modelType, string className) => new()
    {
        ModelType = modelType,
        ClassName = className,
        Prefix = "roberta.",
        Head = BertFamilies.DenseHead(Activation.Tanh),
        PositionsFollowPadding = true,
    };
}
