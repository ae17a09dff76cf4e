using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Decoders;
using Microsoft.ML.Lora.Tokenization.Models;
using Microsoft.ML.Lora.Tokenization.Normalizers;
using Microsoft.ML.Lora.Tokenization.PreTokenizers;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>The WordPiece tokenizers of BERT and its kin from vocab.txt (one token a line) and tokenizer_config.json.</summary>
internal static class VocabTxtTokenizer
{
    /// <summary>The file with the tokens.</summary>
    public const string FileName = "vocab.txt";

    private const string ContinuingPrefix = "##";
    private const int MaxCharsPerWord = 100;

    /// <summary>Loads the tokenizer.</summary>
    /// <exception cref="InvalidDataException">A file is damaged or the vocabulary lacks a special token.</exception>
    public static TextEncoder Load(BaseModelFiles files, TokenizerSettings settings)
    {
        var vocabulary = ReadVocabulary(files.ReadBytes(FileName), files.NameForMessages(FileName));
        var config = settings.Config;
        var likeRoberta = config.TryGetString("tokenizer_class")?.StartsWith("MPNet", StringComparison.Ordinal) ?? false;
        var special = likeRoberta
            ? new SpecialTokens(settings, "<s>", "</s>", "[UNK]", "<pad>", "<mask>")
            : new SpecialTokens(settings, "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]");
        foreach (var token in new[] { special.Cls, special.Sep })
        {
            vocabulary.Require(token);
        }

        var model = new WordPieceModel(vocabulary, special.Unk, ContinuingPrefix, MaxCharsPerWord);
        var lowercase = config.GetBool("do_lower_case", true);
        var normalizer = new BertNormalizer(
            cleanText: true,
            config.GetBool("tokenize_chinese_chars", true),
            config.GetBool("strip_accents", lowercase),
            lowercase);
        var pipeline = new TokenizerPipeline(
            normalizer,
            [new BertPreTokenizer()],
            model,
            new WordPieceDecoder(ContinuingPrefix, cleansUp: true),
            special.Collect(model));
        return special.ToEncoder(pipeline, likeRoberta ? PairTemplate.Roberta : PairTemplate.Bert);
    }

    private static Vocabulary ReadVocabulary(byte[] bytes, string file)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var line = 0;
        foreach (var token in TextLines.Read(bytes, file))
        {
            ids[token] = line++;
        }

        return new Vocabulary(ids, file);
    }
}
