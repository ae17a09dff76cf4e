using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Models;

/// <summary>How the layers of a family are built.</summary>
internal enum LayerStyle
{
    /// <summary>Attention, then feed-forward, each followed by a layer norm over the sum (BERT and its kin).</summary>
    PostNorm,

    /// <summary>Norms before each part, rotary positions, local attention, gated feed-forward (ModernBERT).</summary>
    ModernBert,

    /// <summary>Post-norm layers whose attention also compares contents with relative positions (DeBERTa v2 and v3).</summary>
    DebertaV2,
}

/// <summary>Module paths of the embeddings, under the family's prefix.</summary>
internal sealed record EmbeddingNames
{
    /// <summary>The table of token vectors.</summary>
    public string Word { get; init; } = "embeddings.word_embeddings";

    /// <summary>The table of position vectors, or null where positions come otherwise.</summary>
    public string? Position { get; init; } = "embeddings.position_embeddings";

    /// <summary>The table of segment vectors, or null.</summary>
    public string? TokenType { get; init; } = "embeddings.token_type_embeddings";

    /// <summary>The layer norm over the sum.</summary>
    public string Norm { get; init; } = "embeddings.LayerNorm";

    /// <summary>The widening product where token vectors are narrower than the model.</summary>
    public string? Projection { get; init; }
}

/// <summary>Module paths inside one encoder layer, under <see cref="Path"/>.</summary>
internal sealed record LayerNames
{
    /// <summary>The path of a layer, {0} being its index.</summary>
    public string Path { get; init; } = "encoder.layer.{0}";

    /// <summary>Queries.</summary>
    public string Query { get; init; } = "attention.self.query";

    /// <summary>Keys.</summary>
    public string Key { get; init; } = "attention.self.key";

    /// <summary>Values.</summary>
    public string Value { get; init; } = "attention.self.value";

    /// <summary>The projection after the attention.</summary>
    public string AttentionOutput { get; init; } = "attention.output.dense";

    /// <summary>The layer norm of the attention part.</summary>
    public string AttentionNorm { get; init; } = "attention.output.LayerNorm";

    /// <summary>The widening product.</summary>
    public string Intermediate { get; init; } = "intermediate.dense";

    /// <summary>The narrowing product.</summary>
    public string Output { get; init; } = "output.dense";

    /// <summary>The layer norm of the feed-forward part.</summary>
    public string OutputNorm { get; init; } = "output.LayerNorm";
}

/// <summary>The classification head of a family in transformers: [dense, activation, norm,] output layer.</summary>
internal sealed record HeadNames
{
    /// <summary>The whole path of the dense layer, or null where there is none.</summary>
    public string? Dense { get; init; }

    /// <summary>What follows the dense layer.</summary>
    public Activation Activation { get; init; }

    /// <summary>The whole path of the norm after the activation, or null.</summary>
    public string? Norm { get; init; }

    /// <summary>Whether the dense layer has a bias.</summary>
    public bool DenseHasBias { get; init; } = true;

    /// <summary>Whether the dense layer is new and trained with the output layer, rather than part of the base.</summary>
    public bool DenseIsTrained { get; init; }

    /// <summary>
    /// The module that holds the dense layer where it is part of the base, by the name that <c>modules_to_save</c> has for it.
    /// </summary>
    public string DenseModule { get; init; } = "pooler";

    /// <summary>The whole path of the output layer.</summary>
    public string Output { get; init; } = "classifier";
}

/// <summary>The keys of config.json where a family differs from BERT's.</summary>
internal sealed record ConfigKeys
{
    public string HiddenSize { get; init; } = "hidden_size";

    public string NumHiddenLayers { get; init; } = "num_hidden_layers";

    public string NumAttentionHeads { get; init; } = "num_attention_heads";

    public string IntermediateSize { get; init; } = "intermediate_size";

    public string HiddenAct { get; init; } = "hidden_act";

    public string LayerNormEps { get; init; } = "layer_norm_eps";

    public string HiddenDropout { get; init; } = "hidden_dropout_prob";

    public string AttentionDropout { get; init; } = "attention_probs_dropout_prob";
}

/// <summary>What sets one model family apart, as data: names of its tensors, where positions begin, its head.</summary>
internal sealed record ModelFamily
{
    /// <summary><c>model_type</c> in config.json.</summary>
    public required string ModelType { get; init; }

    /// <summary>What the names of its classes in transformers begin with: <c>Bert</c> of <c>BertModel</c>.</summary>
    public required string ClassName { get; init; }

    /// <summary>The prefix of the encoder's modules in a model with a head: <c>bert.</c> (checkpoints may leave it out).</summary>
    public required string Prefix { get; init; }

    /// <summary>How the layers are built.</summary>
    public LayerStyle Style { get; init; } = LayerStyle.PostNorm;

    /// <summary>Names of the embeddings.</summary>
    public EmbeddingNames Embeddings { get; init; } = new();

    /// <summary>Names in a layer.</summary>
    public LayerNames Layer { get; init; } = new();

    /// <summary>The classification head.</summary>
    public required HeadNames Head { get; init; }

    /// <summary>Keys of config.json.</summary>
    public ConfigKeys Keys { get; init; } = new();

    /// <summary>Whether positions count from pad_token_id + 1 (RoBERTa), rather than from 0.</summary>
    public bool PositionsFollowPadding { get; init; }

    /// <summary>The table of a bias by relative position, shared by all layers (MPNet), or null.</summary>
    public string? RelativeBias { get; init; }

    /// <summary>The norm after the last layer, or null.</summary>
    public string? FinalNorm { get; init; }
}
