using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Models.Deberta;
using Microsoft.ML.Lora.Models.Families;
using Microsoft.ML.Lora.Models.ModernBert;

namespace Microsoft.ML.Lora.Models;

/// <summary>The sizes of an encoder: config.json's fields under their names in PascalCase, and its family.</summary>
internal sealed record EncoderConfig
{
    // Sizes come from a file and decide on allocations; no published encoder comes near these.
    private const int LargestSize = 1 << 20;
    private const int MostLayers = 1024;

    private static readonly Dictionary<string, Activation> _activations = new(StringComparer.Ordinal)
    {
        ["gelu"] = Activation.Gelu,
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
        ["gelu_fast"] = Activation.GeluTanh,
        ["relu"] = Activation.Relu,
        ["silu"] = Activation.Silu,
        ["swish"] = Activation.Silu,
        ["tanh"] = Activation.Tanh,
    };

    /// <summary>The family.</summary>
    public required ModelFamily Family { get; init; }

    /// <summary>Vocabulary V.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width C of the hidden states.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the token vectors; HiddenSize but for some ELECTRA models.</summary>
    public required int EmbeddingSize { get; init; }

    /// <summary>Number of layers.</summary>
    public required int NumHiddenLayers { get; init; }

    /// <summary>Number of attention heads H.</summary>
    public required int NumAttentionHeads { get; init; }

    /// <summary>Width F of the feed-forward part.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of position vectors.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>Number of segments; 0 where the model has none.</summary>
    public required int TypeVocabSize { get; init; }

    /// <summary>Id of the padding token.</summary>
    public required int PadTokenId { get; init; }

    /// <summary>What layer norms add to the variance.</summary>
    public required float LayerNormEps { get; init; }

    /// <summary>Whether layer norms have a bias.</summary>
    public required bool HasNormBias { get; init; }

    /// <summary>Activation of the feed-forward part.</summary>
    public required Activation HiddenAct { get; init; }

    /// <summary>Number of buckets of relative positions, where the family has them.</summary>
    public int RelativeBuckets { get; init; }

    /// <summary>Whether the family's head reads the mean of all tokens rather than the first.</summary>
    public bool HeadReadsMean { get; init; }

    /// <summary>What a ModernBERT has beyond this, or null.</summary>
    public ModernBertSettings? ModernBert { get; init; }

    /// <summary>What a DeBERTa has beyond this, or null.</summary>
    public DebertaSettings? Deberta { get; init; }

    /// <summary>Share of hidden states dropped while training, in [0, 1); of no meaning for ModernBERT.</summary>
    public float HiddenDropout { get; init; }

    /// <summary>Share of attention probabilities dropped while training, in [0, 1); of no meaning for ModernBERT and DeBERTa.</summary>
    public float AttentionDropout { get; init; }

    /// <summary>Standard deviation of new weights.</summary>
    public required float InitializerRange { get; init; }

    /// <summary>Width D of a head.</summary>
    public int HeadSize => HiddenSize / NumAttentionHeads;

    /// <summary>Index of the first token's position vector.</summary>
    public int FirstPosition => Family.PositionsFollowPadding ? PadTokenId + 1 : 0;

    /// <summary>The longest sequence the position vectors allow.</summary>
    public int MaxTokens => MaxPositionEmbeddings - FirstPosition;

    /// <summary>Reads and checks a model's config.json.</summary>
    /// <exception cref="InvalidDataException">A field is missing or makes no sense.</exception>
    /// <exception cref="NotSupportedException">The model is of a kind that is not supported.</exception>
    public static EncoderConfig Read(ConfigJson json)
    {
        ModelFamily family = ModelFamilies.Get(json.GetString("model_type"), json.File);
        ConfigKeys keys = family.Keys;
        int hidden = Size(json, keys.HiddenSize);
        var config = new EncoderConfig
        {
            Family = family,
            VocabSize = Size(json, "vocab_size", LargestSize * 4),
            HiddenSize = hidden,
            EmbeddingSize = family.Embeddings.Projection is null ? hidden : json.GetInt("embedding_size", hidden),
            NumHiddenLayers = Size(json, keys.NumHiddenLayers, MostLayers),
            NumAttentionHeads = Size(json, keys.NumAttentionHeads),
            IntermediateSize = Size(json, keys.IntermediateSize),
            MaxPositionEmbeddings = Size(json, "max_position_embeddings"),
            TypeVocabSize = family.Embeddings.TokenType is null ? 0 : json.GetInt("type_vocab_size", 2),
            PadTokenId = json.GetInt("pad_token_id", 0),
            LayerNormEps = (float)json.GetDouble(keys.LayerNormEps, 1e-12),
            HasNormBias = json.GetBool("norm_bias", family.Style != LayerStyle.ModernBert),
            HeadReadsMean = json.TryGetString("classifier_pooling") == "mean",
            ModernBert = family.Style == LayerStyle.ModernBert
                ? ModernBertSettings.Read(json, Size(json, keys.NumHiddenLayers, MostLayers))
                : null,
            Deberta = family.Style == LayerStyle.DebertaV2 ? DebertaSettings.Read(json) : null,
            RelativeBuckets = family.RelativeBias is null ? 0 : json.GetInt("relative_attention_num_buckets", 32),
            HiddenDropout = Share(json, keys.HiddenDropout),
            AttentionDropout = Share(json, keys.AttentionDropout),
            InitializerRange = (float)json.GetDouble("initializer_range", 0.02),
            HiddenAct = ReadActivation(json, keys.HiddenAct),
        };
        config.Check(json);
        return config;
    }

    private static int Size(ConfigJson json, string key, int largest = LargestSize)
    {
        int value = json.GetInt(key);
        if (value < 1 || value > largest)
        {
            Throw.InvalidData_File(json.File, $"'{key}' is {value}, where 1 to {largest} belongs.");
        }

        return value;
    }

    private static float Share(ConfigJson json, string key)
    {
        double value = json.GetDouble(key, 0);
        if (!(value >= 0 && value < 1))
        {
            Throw.InvalidData_File(json.File, $"'{key}' is {value}, where 0 to below 1 belongs.");
        }

        return (float)value;
    }

    private static Activation ReadActivation(ConfigJson json, string key)
    {
        string name = json.TryGetString(key) ?? "gelu";
        if (!_activations.TryGetValue(name, out Activation activation))
        {
            Throw.NotSupported_InFile(
                json.File, $"'{key}' is '{name}'; known activations are {string.Join(", ", _activations.Keys)}.");
        }

        return activation;
    }

    private void Check(ConfigJson json)
    {
        if (HiddenSize % NumAttentionHeads != 0)
        {
            Throw.InvalidData_File(
                json.File, $"{Family.Keys.HiddenSize} {HiddenSize} is not a multiple of the {NumAttentionHeads} heads.");
        }

        string positions = json.TryGetString("position_embedding_type") ?? "absolute";
        if (positions != "absolute")
        {
            Throw.NotSupported_InFile(json.File, $"position_embedding_type '{positions}' is not supported; 'absolute' is.");
        }

        if (MaxTokens < 1)
        {
            Throw.InvalidData_File(
                json.File, $"max_position_embeddings {MaxPositionEmbeddings} leaves no position after pad_token_id {PadTokenId}.");
        }
    }
}
