using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tokenization.Normalizers;

/// <summary>The normalizers of tokenizer.json by their type names.</summary>
internal static class NormalizerRegistry
{
    private static readonly Dictionary<string, Func<ConfigJson, ITextNormalizer>> _known = new(StringComparer.Ordinal)
    {
        ["BertNormalizer"] = Bert,
    };

    /// <summary>Makes the normalizer that an object of tokenizer.json describes.</summary>
    /// <exception cref="NotSupportedException">Its type is not known here.</exception>
    public static ITextNormalizer Create(ConfigJson json) => Registry.Find(_known, json, "normalizer")(json);

    private static BertNormalizer Bert(ConfigJson json)
    {
        var lowercase = json.GetBool("lowercase", true);
        return new BertNormalizer(
            json.GetBool("clean_text", true),
            json.GetBool("handle_chinese_chars", true),
            json.GetBool("strip_accents", lowercase),
            lowercase);
    }
}
