using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Files;
using Microsoft.ML.Lora.Tokenization.Unicode;

namespace Microsoft.ML.Lora.Tokenization.Normalizers;

/// <summary>The normalizers of tokenizer.json by their type names.</summary>
internal static class NormalizerRegistry
{
    private static readonly Dictionary<string, Func<ConfigJson, ITextNormalizer>> _known = new(StringComparer.Ordinal)
    {
        ["BertNormalizer"] = json => Bert(json, null),
        ["NFC"] = _ => new UnicodeFormNormalizer(compatible: false, composes: true),
        ["NFD"] = _ => new UnicodeFormNormalizer(compatible: false, composes: false),
        ["NFKC"] = _ => new UnicodeFormNormalizer(compatible: true, composes: true),
        ["NFKD"] = _ => new UnicodeFormNormalizer(compatible: true, composes: false),
        ["Lowercase"] = _ => new LowercaseNormalizer(),
        ["Strip"] = json => new StripNormalizer(json.GetBool("strip_left", true), json.GetBool("strip_right", true)),
        ["StripAccents"] = _ => new FilterNormalizer(
            c => (UnicodeTables.Traits(c) & CharacterTraits.CombiningMark) != 0, _ => false),
        ["Nmt"] = _ => new FilterNormalizer(IsDroppedByNmt, IsBlankToNmt),
        ["Prepend"] = json => new PrependNormalizer(json.GetString("prepend")),
        ["Replace"] = Replace,
        ["Precompiled"] = Precompiled,
        ["ByteLevel"] = _ => new ByteLevelNormalizer(),
        ["Sequence"] = json => new SequenceNormalizer([.. json.GetObjects("normalizers").Select(Create)]),
    };

    // The regular expressions that tokenizers in use replace by, done by hand.
    private static readonly Dictionary<string, Func<string, ITextNormalizer>> _expressions = new(StringComparer.Ordinal)
    {
        [@"\s{2,}|[\n\r\t]"] = content =>
            new ReplaceRunsNormalizer(c => UnicodeTables.IsWhiteSpace(c), c => c is '\n' or '\r' or '\t', content),
        [@" {2,}"] = content => new ReplaceRunsNormalizer(c => c == ' ', _ => false, content),
        [@"\s+"] = content => new ReplaceRunsNormalizer(c => UnicodeTables.IsWhiteSpace(c), _ => true, content),
    };

    private static readonly string[] _bertLike = ["Bert", "DistilBert", "Electra", "MPNet", "MobileBert", "Funnel"];

    /// <summary>Makes the normalizer that an object of tokenizer.json describes.</summary>
    /// <exception cref="NotSupportedException">Its type is not known here.</exception>
    public static ITextNormalizer Create(ConfigJson json) => Registry.Find(_known, json, "normalizer")(json);

    /// <summary>
    /// Makes the normalizer of a tokenizer whose class has settings of its own in tokenizer_config.json: where these say
    /// something, they count, as in transformers.
    /// </summary>
    public static ITextNormalizer Create(ConfigJson json, ConfigJson tokenizerConfig)
    {
        var kind = tokenizerConfig.TryGetString("tokenizer_class") ?? string.Empty;
        var hasSettings = _bertLike.Any(name => kind.StartsWith(name, StringComparison.Ordinal));
        return hasSettings && json.TryGetString("type") == "BertNormalizer" ? Bert(json, tokenizerConfig) : Create(json);
    }

    private static BertNormalizer Bert(ConfigJson json, ConfigJson? settings)
    {
        var lowercase = settings?.TryGetBool("do_lower_case") ?? json.GetBool("lowercase", true);
        return new BertNormalizer(
            json.GetBool("clean_text", true),
            settings?.TryGetBool("tokenize_chinese_chars") ?? json.GetBool("handle_chinese_chars", true),
            settings?.TryGetBool("strip_accents") ?? json.GetBool("strip_accents", lowercase),
            lowercase);
    }

    private static ITextNormalizer Replace(ConfigJson json)
    {
        var content = json.GetString("content");
        var pattern = json.GetObject("pattern");
        if (pattern?.TryGetString("String") is { Length: > 0 } text)
        {
            return new ReplaceNormalizer(text, content);
        }

        var expression = pattern?.TryGetString("Regex") ?? "none";
        if (_expressions.TryGetValue(expression, out var create))
        {
            return create(content);
        }

        Throw.NotSupported_InFile(json.File, $"'{json.NameOf("pattern")}' is {Throw.Quote(expression)}, which is not supported.");
        return null;
    }

    private static PrecompiledNormalizer Precompiled(ConfigJson json)
    {
        byte[] table;
        try
        {
            table = Convert.FromBase64String(json.GetString("precompiled_charsmap"));
        }
        catch (FormatException error)
        {
            throw new InvalidDataException($"'{json.File}': '{json.NameOf("precompiled_charsmap")}' is not base64.", error);
        }

        return new PrecompiledNormalizer(table, json.File);
    }

    // The lists are those of SentencePiece's nmt_nfkc rule.
    private static bool IsDroppedByNmt(int c) =>
        c is (>= 1 and <= 8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F;

    private static bool IsBlankToNmt(int c) =>
        c is 9 or 0xA or 0xC or 0xD or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD;
}
