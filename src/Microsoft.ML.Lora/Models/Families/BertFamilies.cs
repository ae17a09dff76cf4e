using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Models.Families;

/// <summary>BERT, and the families that have its layers under other names.</summary>
internal static class BertFamilies
{
    /// <summary>BERT, and sentence-transformers built on it: pooler over the first token, then the output layer.</summary>
    public static ModelFamily Bert { get; } = new()
    {
        ModelType = "bert",
        ClassName = "Bert",
        Prefix = "bert.",
        Head = new HeadNames { Dense = "bert.pooler.dense", Activation = Activation.Tanh },
    };

    /// <summary>ELECTRA's discriminator: embeddings may be narrower than the model; a new dense layer with GELU.</summary>
    public static ModelFamily Electra { get; } = new()
    {
        ModelType = "electra",
        ClassName = "Electra",
        Prefix = "electra.",
        Embeddings = new EmbeddingNames { Projection = "embeddings_project" },
        Head = DenseHead(Activation.Gelu),
    };

    /// <summary>DistilBERT: no segments, names of its own, a new dense layer with ReLU.</summary>
    public static ModelFamily DistilBert { get; } = new()
    {
        ModelType = "distilbert",
        ClassName = "DistilBert",
        Prefix = "distilbert.",
        Embeddings = new EmbeddingNames { TokenType = null },
        Layer = new LayerNames
        {
            Path = "transformer.layer.{0}",
            Query = "attention.q_lin",
            Key = "attention.k_lin",
            Value = "attention.v_lin",
            AttentionOutput = "attention.out_lin",
            AttentionNorm = "sa_layer_norm",
            Intermediate = "ffn.lin1",
            Output = "ffn.lin2",
            OutputNorm = "output_layer_norm",
        },
        Head = new HeadNames { Dense = "pre_classifier", Activation = Activation.Relu, DenseIsTrained = true },
        Keys = new ConfigKeys
        {
            HiddenSize = "dim",
            NumHiddenLayers = "n_layers",
            NumAttentionHeads = "n_heads",
            IntermediateSize = "hidden_dim",
            HiddenAct = "activation",
            HiddenDropout = "dropout",
            AttentionDropout = "attention_dropout",
        },
    };

    /// <summary>A new dense layer with the activation and a new output layer, both under <c>classifier</c>.</summary>
    public static HeadNames DenseHead(Activation activation) => new()
    {
        Dense = "classifier.dense",
        Activation = activation,
        DenseIsTrained = true,
        Output = "classifier.out_proj",
    };
}
