using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Files;
using Microsoft.ML.Lora.Tokenization.PreTokenizers;

namespace Microsoft.ML.Lora.Tokenization.Decoders;

/// <summary>The decoders of tokenizer.json by their type names.</summary>
internal static class DecoderRegistry
{
    private static readonly Dictionary<string, Func<ConfigJson, ITokenDecoder>> _known = new(StringComparer.Ordinal)
    {
        ["WordPiece"] = json => new WordPieceDecoder(json.TryGetString("prefix") ?? "##", json.GetBool("cleanup", true)),
        ["ByteLevel"] = _ => new ByteLevelDecoder(),
        ["Metaspace"] = json => new MetaspaceDecoder(
            Character(json, "replacement", MetaspacePreTokenizer.DefaultMark),
            json.TryGetString("prepend_scheme") is { } scheme ? scheme != "never" : json.GetBool("add_prefix_space", true)),
        ["BPEDecoder"] = json => new SuffixDecoder(json.TryGetString("suffix") ?? "</w>"),
        ["Replace"] = Replace,
        ["Fuse"] = _ => new FuseDecoder(),
        ["Strip"] = json => new StripDecoder(Character(json, "content", ' '), json.GetInt("start", 0), json.GetInt("stop", 0)),
        ["ByteFallback"] = _ => new ByteFallbackDecoder(),
        ["Sequence"] = json => new SequenceDecoder([.. json.GetObjects("decoders").Select(Create)]),
    };

    /// <summary>Makes the decoder that an object of tokenizer.json describes.</summary>
    /// <exception cref="NotSupportedException">Its type is not known here.</exception>
    public static ITokenDecoder Create(ConfigJson json) => Registry.Find(_known, json, "decoder")(json);

    private static ReplaceDecoder Replace(ConfigJson json)
    {
        if (json.GetObject("pattern")?.TryGetString("String") is not { Length: > 0 } pattern)
        {
            Throw.NotSupported_InFile(json.File, $"'{json.NameOf("pattern")}' is a regular expression, which is not supported.");
            return null;
        }

        return new ReplaceDecoder(pattern, json.GetString("content"));
    }

    private static char Character(ConfigJson json, string key, char defaultCharacter)
    {
        var text = json.TryGetString(key) ?? defaultCharacter.ToString();
        if (text.Length != 1)
        {
            Throw.NotSupported_InFile(json.File, $"'{json.NameOf(key)}' is {Throw.Quote(text)}; one character is supported.");
        }

        return text[0];
    }
}
