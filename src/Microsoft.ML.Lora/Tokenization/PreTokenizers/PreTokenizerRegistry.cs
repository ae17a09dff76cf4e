using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>The pre-tokenizers of tokenizer.json by their type names.</summary>
internal static class PreTokenizerRegistry
{
    private static readonly Dictionary<string, Func<ConfigJson, IPreTokenizer>> _known = new(StringComparer.Ordinal)
    {
        ["BertPreTokenizer"] = _ => new BertPreTokenizer(),
    };

    /// <summary>Makes the pre-tokenizers that an object of tokenizer.json describes, in order.</summary>
    /// <exception cref="NotSupportedException">A type is not known here.</exception>
    public static IReadOnlyList<IPreTokenizer> Create(ConfigJson json) => json.TryGetString("type") == "Sequence"
        ? [.. json.GetObjects("pretokenizers").SelectMany(Create)]
        : [Registry.Find(_known, json, "pre-tokenizer")(json)];
}
