using System.Text.Json;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>The models of tokenizer.json by their type names.</summary>
internal static class ModelRegistry
{
    private static readonly Dictionary<string, Func<ConfigJson, ITokenModel>> _known = new(StringComparer.Ordinal)
    {
        ["WordPiece"] = WordPiece,
    };

    /// <summary>Makes the model that an object of tokenizer.json describes; older files do not name its type.</summary>
    /// <exception cref="NotSupportedException">Its type is not known here.</exception>
    public static ITokenModel Create(ConfigJson json)
    {
        if (json.Has("type"))
        {
            return Registry.Find(_known, json, "model")(json);
        }

        var type = json.Has("merges") ? "BPE"
            : json.Root.TryGetProperty("vocab", out var vocab) && vocab.ValueKind == JsonValueKind.Array ? "Unigram"
            : json.Has("continuing_subword_prefix") ? "WordPiece"
            : "WordLevel";
        return _known[type](json);
    }

    /// <summary>Reads a vocabulary written as an object of tokens and ids.</summary>
    public static Vocabulary ReadVocabulary(ConfigJson json, string key)
    {
        if (json.GetObject(key) is not { } vocab)
        {
            Throw.InvalidData_File(json.File, $"'{json.NameOf(key)}' is missing; an object of tokens and ids belongs there.");
            return null;
        }

        return ReadVocabulary(vocab);
    }

    /// <summary>Reads a vocabulary written as an object of tokens and ids.</summary>
    public static Vocabulary ReadVocabulary(ConfigJson vocab)
    {
        var ids = new Dictionary<string, int>(vocab.Root.GetPropertyCount(), StringComparer.Ordinal);
        foreach (var property in vocab.Root.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out var id))
            {
                Throw.InvalidData_File(vocab.File, $"token {Throw.Quote(property.Name)} has no whole number as its id.");
                return null;
            }

            ids[property.Name] = id;
        }

        return new Vocabulary(ids, vocab.File);
    }

    private static WordPieceModel WordPiece(ConfigJson json) => new(
        ReadVocabulary(json, "vocab"),
        json.TryGetString("unk_token") ?? "[UNK]",
        json.TryGetString("continuing_subword_prefix") ?? "##",
        json.GetInt("max_input_chars_per_word", 100));
}
