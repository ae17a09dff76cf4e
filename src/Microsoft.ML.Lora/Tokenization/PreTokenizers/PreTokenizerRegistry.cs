using System.Globalization;
using System.Text;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Files;
using Microsoft.ML.Lora.Tokenization.Unicode;

namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>The pre-tokenizers of tokenizer.json by their type names.</summary>
internal static class PreTokenizerRegistry
{
    private static readonly Dictionary<string, Func<ConfigJson, IPreTokenizer>> _known = new(StringComparer.Ordinal)
    {
        ["BertPreTokenizer"] = _ => new BertPreTokenizer(),
        ["ByteLevel"] = json => new ByteLevelPreTokenizer(
            json.GetBool("add_prefix_space", true), json.GetBool("use_regex", true)),
        ["Metaspace"] = Metaspace,
        ["Whitespace"] = _ => new WordPreTokenizer(),
        ["WhitespaceSplit"] = _ => new CharacterSplitPreTokenizer(
            rune => UnicodeTables.IsWhiteSpace(rune.Value), SplitBehavior.Removed),
        ["Punctuation"] = json => new CharacterSplitPreTokenizer(
            rune => (UnicodeTables.Traits(rune.Value) & CharacterTraits.Punctuation) != 0,
            Behavior(json, SplitBehavior.Isolated)),
        ["Digits"] = json => new CharacterSplitPreTokenizer(
            IsNumeric, json.GetBool("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
        ["CharDelimiterSplit"] = json =>
        {
            var delimiter = SingleCharacter(json, "delimiter");
            return new CharacterSplitPreTokenizer(rune => rune.Value == delimiter, SplitBehavior.Removed);
        },
        ["Split"] = Split,
    };

    /// <summary>Makes the pre-tokenizers that an object of tokenizer.json describes, in order.</summary>
    /// <exception cref="NotSupportedException">A type is not known here.</exception>
    public static IReadOnlyList<IPreTokenizer> Create(ConfigJson json) => json.TryGetString("type") == "Sequence"
        ? [.. json.GetObjects("pretokenizers").SelectMany(Create)]
        : [Registry.Find(_known, json, "pre-tokenizer")(json)];

    private static bool IsNumeric(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static MetaspacePreTokenizer Metaspace(ConfigJson json)
    {
        var mark = json.Has("replacement") ? SingleCharacter(json, "replacement") : MetaspacePreTokenizer.DefaultMark;

        // Older files say add_prefix_space instead.
        var scheme = json.TryGetString("prepend_scheme") ?? (json.GetBool("add_prefix_space", true) ? "always" : "never");
        var prepend = scheme switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => Unknown<PrependScheme>(json, "prepend_scheme", scheme),
        };
        return new MetaspacePreTokenizer(mark, prepend, json.GetBool("split", true));
    }

    private static IPreTokenizer Split(ConfigJson json)
    {
        var inverted = json.GetBool("invert", false);
        var behavior = Behavior(json, null);
        var pattern = json.GetObject("pattern");
        if (pattern?.TryGetString("String") is { Length: > 0 } delimiter)
        {
            return new StringSplitPreTokenizer(delimiter, behavior, inverted);
        }

        return Unknown<IPreTokenizer>(json, "pattern", pattern?.TryGetString("Regex") ?? "none");
    }

    private static SplitBehavior Behavior(ConfigJson json, SplitBehavior? defaultBehavior)
    {
        var name = json.TryGetString("behavior");
        return name is null && defaultBehavior is { } behavior ? behavior
            : Enum.TryParse(name, out SplitBehavior named) && !char.IsDigit(name[0]) ? named
            : Unknown<SplitBehavior>(json, "behavior", name ?? "none");
    }

    private static char SingleCharacter(ConfigJson json, string key)
    {
        var text = json.GetString(key);
        return text.Length == 1 ? text[0] : Unknown<char>(json, key, text);
    }

    private static T Unknown<T>(ConfigJson json, string key, string value) => throw new NotSupportedException(
        $"'{json.File}': '{json.NameOf(key)}' is {Throw.Quote(value)}, which is not supported.");
}
