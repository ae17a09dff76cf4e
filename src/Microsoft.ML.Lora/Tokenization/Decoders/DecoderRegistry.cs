using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tokenization.Decoders;

/// <summary>The decoders of tokenizer.json by their type names.</summary>
internal static class DecoderRegistry
{
    private static readonly Dictionary<string, Func<ConfigJson, ITokenDecoder>> _known = new(StringComparer.Ordinal)
    {
        ["WordPiece"] = json => new WordPieceDecoder(json.TryGetString("prefix") ?? "##", json.GetBool("cleanup", true)),
    };

    /// <summary>Makes the decoder that an object of tokenizer.json describes.</summary>
    /// <exception cref="NotSupportedException">Its type is not known here.</exception>
    public static ITokenDecoder Create(ConfigJson json) => Registry.Find(_known, json, "decoder")(json);
}
