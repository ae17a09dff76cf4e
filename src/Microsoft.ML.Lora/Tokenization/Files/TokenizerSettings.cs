using System.Text.Json;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>
/// What tokenizer_config.json, special_tokens_map.json and added_tokens.json say beside the vocabulary itself.
/// </summary>
internal sealed class TokenizerSettings
{
    private const string ConfigFile = "tokenizer_config.json";
    private const string SpecialTokensFile = "special_tokens_map.json";

    // "No limit" is written as 1e30; anything beyond this is no limit.
    private const double LargestLength = 1 << 24;
    private const int LargestId = 1 << 24;

    private readonly ConfigJson _config;
    private readonly ConfigJson _specialTokens;

    private TokenizerSettings(ConfigJson config, ConfigJson specialTokens)
    {
        _config = config;
        _specialTokens = specialTokens;
    }

    /// <summary>Gets tokenizer_config.json; an empty object where there is none.</summary>
    public ConfigJson Config => _config;

    /// <summary>Gets whether a text that is too long loses its beginning instead of its end.</summary>
    public bool TruncatesLeft => _config.TryGetString("truncation_side") == "left";

    /// <summary>Gets the longest input in tokens; null when there is no limit.</summary>
    public int? ModelMaxLength =>
        _config.TryGetDouble("model_max_length") is { } length and >= 1 and <= LargestLength ? (int)length : null;

    /// <summary>Reads the files that are there.</summary>
    public static TokenizerSettings Read(BaseModelFiles files) =>
        new(ReadOrEmpty(files, ConfigFile), ReadOrEmpty(files, SpecialTokensFile));

    /// <summary>The special token of a role such as <c>cls_token</c>, or a default.</summary>
    public string SpecialToken(string role, string defaultToken) => TrySpecialToken(role) ?? defaultToken;

    /// <summary>The special token of a role; null when none is named.</summary>
    public string? TrySpecialToken(string role) => Content(_config, role) ?? Content(_specialTokens, role);

    /// <summary>The tokens of <c>added_tokens_decoder</c>: id to token, with their flags.</summary>
    public IReadOnlyList<AddedToken> AddedTokens()
    {
        if (_config.GetObject("added_tokens_decoder") is not { } added)
        {
            return [];
        }

        var tokens = new List<AddedToken>();
        foreach (var property in added.Root.EnumerateObject())
        {
            if (!int.TryParse(property.Name, out var id) || added.GetObject(property.Name) is not { } token)
            {
                Throw.InvalidData_File(_config.File, $"'{added.NameOf(property.Name)}' is not a token with its id.");
                return [];
            }

            tokens.Add(ReadToken(token, id));
        }

        return tokens;
    }

    /// <summary>The special token of a role as an added token, with the flags the settings give it.</summary>
    public AddedToken SpecialAddedToken(string role, int id, string content)
    {
        var flags = Flags(_config, role) ?? Flags(_specialTokens, role);
        return new AddedToken(
            id,
            content,
            flags?.GetBool("single_word", false) ?? false,
            flags?.GetBool("lstrip", false) ?? false,
            flags?.GetBool("rstrip", false) ?? false,
            flags?.GetBool("normalized", false) ?? false,
            Special: true);
    }

    /// <summary>Reads a token with its flags.</summary>
    /// <exception cref="InvalidDataException">Its id is none that a vocabulary has.</exception>
    public static AddedToken ReadToken(ConfigJson token, int id)
    {
        if (id is < 0 or > LargestId)
        {
            Throw.InvalidData_File(token.File, $"'{token.NameOf("id")}' is {id}, which is no token's id.");
        }

        return new AddedToken(
            id,
            token.GetString("content"),
            token.GetBool("single_word", false),
            token.GetBool("lstrip", false),
            token.GetBool("rstrip", false),
            token.GetBool("normalized", true),
            token.GetBool("special", false));
    }

    private static ConfigJson ReadOrEmpty(BaseModelFiles files, string name) =>
        files.Exists(name) ? files.ReadJson(name) : ConfigJson.Parse("{}"u8.ToArray(), name);

    // A token is written as its text, or as an object with its flags.
    private static ConfigJson? Flags(ConfigJson json, string role) =>
        json.Root.TryGetProperty(role, out var value) && value.ValueKind == JsonValueKind.Object
            ? json.GetObject(role)
            : null;

    private static string? Content(ConfigJson json, string role) =>
        Flags(json, role) is { } token ? token.GetString("content") : json.TryGetString(role);
}
