using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Decoders;
using Microsoft.ML.Lora.Tokenization.Models;
using Microsoft.ML.Lora.Tokenization.PreTokenizers;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>The byte-level tokenizers of RoBERTa and its kin from vocab.json and merges.txt.</summary>
internal static class MergesTxtTokenizer
{
    /// <summary>The file with the tokens and their ids.</summary>
    public const string VocabularyFile = "vocab.json";

    /// <summary>The file with the merges, one a line, the first learned first.</summary>
    public const string MergesFile = "merges.txt";

    /// <summary>Loads the tokenizer.</summary>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static TextEncoder Load(BaseModelFiles files, TokenizerSettings settings)
    {
        var kind = settings.Config.TryGetString("tokenizer_class") ?? string.Empty;
        var likeBert = kind.StartsWith("Deberta", StringComparison.Ordinal);
        var special = likeBert
            ? new SpecialTokens(settings, "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]")
            : new SpecialTokens(settings, "<s>", "</s>", "<unk>", "<pad>", "<mask>");
        var vocabulary = ModelRegistry.ReadVocabulary(files.ReadJson(VocabularyFile));
        var name = files.NameForMessages(MergesFile);
        var model = new BpeModel(vocabulary, ReadMerges(files.ReadBytes(MergesFile), name), new BpeSettings(), name);
        var preTokenizer = new ByteLevelPreTokenizer(settings.Config.GetBool("add_prefix_space", false), usesRegex: true);
        if (kind.StartsWith("GPT2", StringComparison.Ordinal))
        {
            return LoadPlain(settings, model, preTokenizer);
        }

        var pipeline = new TokenizerPipeline(null, [preTokenizer], model, new ByteLevelDecoder(), special.Collect(model));
        return special.ToEncoder(pipeline, likeBert ? PairTemplate.Bert : PairTemplate.Roberta);
    }

    // GPT-2 has one special token and puts nothing around a text.
    private static TextEncoder LoadPlain(TokenizerSettings settings, BpeModel model, ByteLevelPreTokenizer preTokenizer)
    {
        var end = settings.SpecialToken("eos_token", "<|endoftext|>");
        var added = settings.AddedTokens().ToDictionary(token => token.Content, StringComparer.Ordinal);
        added.TryAdd(end, settings.SpecialAddedToken("eos_token", model.IdOf(end) ?? model.Size, end));
        var pipeline = new TokenizerPipeline(null, [preTokenizer], model, new ByteLevelDecoder(), [.. added.Values]);
        var pad = pipeline.IdOf(settings.SpecialToken("pad_token", end)) ?? 0;
        return new TextEncoder(pipeline, PairTemplate.Plain, pad, settings.TruncatesLeft, settings.ModelMaxLength);
    }

    private static List<(string Left, string Right)> ReadMerges(byte[] bytes, string file)
    {
        var merges = new List<(string, string)>();
        foreach (var line in TextLines.Read(bytes, file))
        {
            if (line.StartsWith("#version", StringComparison.Ordinal) || line.Length == 0)
            {
                continue;
            }

            if (line.Split(' ') is not [var left, var right])
            {
                Throw.InvalidData_File(file, $"the line {Throw.Quote(line)} is not a pair of tokens with a blank between them.");
                return [];
            }

            merges.Add((left, right));
        }

        return merges;
    }
}
