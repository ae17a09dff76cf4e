using System.Text.Json;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Files;

namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>The models of tokenizer.json by their type names.</summary>
internal static class ModelRegistry
{
    private static readonly Dictionary<string, Func<ConfigJson, ITokenModel>> _known = new(StringComparer.Ordinal)
    {
        ["WordPiece"] = WordPiece,
        ["BPE"] = Bpe,
        ["Unigram"] = Unigram,
        ["WordLevel"] = json => new WordLevelModel(ReadVocabulary(json, "vocab"), json.TryGetString("unk_token") ?? "<unk>"),
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

    private static BpeModel Bpe(ConfigJson json)
    {
        if (json.GetDouble("dropout", 0) != 0)
        {
            Throw.NotSupported_InFile(json.File, $"'{json.NameOf("dropout")}' is not 0: tokens would be drawn by chance, which is not supported.");
        }

        var settings = new BpeSettings(
            json.TryGetString("unk_token"),
            json.TryGetString("continuing_subword_prefix") ?? "",
            json.TryGetString("end_of_word_suffix") ?? "",
            json.GetBool("fuse_unk", false),
            json.GetBool("byte_fallback", false),
            json.GetBool("ignore_merges", false));
        return new BpeModel(ReadVocabulary(json, "vocab"), ReadMerges(json), settings, json.File);
    }

    // Written as "left right" or as a list of the two.
    private static IEnumerable<(string Left, string Right)> ReadMerges(ConfigJson json)
    {
        if (!json.Root.TryGetProperty("merges", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            Throw.InvalidData_File(json.File, $"'{json.NameOf("merges")}' is missing; a list of pairs belongs there.");
        }

        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Array && item.GetArrayLength() == 2
                && item[0].ValueKind == JsonValueKind.String && item[1].ValueKind == JsonValueKind.String)
            {
                yield return (item[0].GetString()!, item[1].GetString()!);
            }
            else if (item.ValueKind == JsonValueKind.String && item.GetString()!.Split(' ') is [var left, var right])
            {
                yield return (left, right);
            }
            else
            {
                Throw.InvalidData_File(json.File, $"'{json.NameOf("merges")}' holds something other than pairs of tokens.");
            }
        }
    }

    private static UnigramModel Unigram(ConfigJson json)
    {
        if (!json.Root.TryGetProperty("vocab", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            Throw.InvalidData_File(json.File, $"'{json.NameOf("vocab")}' is missing; a list of tokens and scores belongs there.");
        }

        var vocabulary = new List<(string, double)>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Array || item.GetArrayLength() != 2 || item[0].ValueKind != JsonValueKind.String
                || item[1].ValueKind != JsonValueKind.Number || !item[1].TryGetDouble(out var score) || !double.IsFinite(score))
            {
                Throw.InvalidData_File(json.File, $"'{json.NameOf("vocab")}' holds something other than tokens with their scores.");
                return null;
            }

            vocabulary.Add((item[0].GetString()!, score));
        }

        return new UnigramModel(vocabulary, json.TryGetInt("unk_id"), json.GetBool("byte_fallback", false), json.File);
    }
}
