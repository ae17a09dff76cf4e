using System.Text;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Decoders;
using Microsoft.ML.Lora.Tokenization.Models;
using Microsoft.ML.Lora.Tokenization.Normalizers;
using Microsoft.ML.Lora.Tokenization.PreTokenizers;

namespace Microsoft.ML.Lora.Tokenization;

/// <summary>The WordPiece tokenizers of BERT and its kin from vocab.txt (one token a line) and tokenizer_config.json.</summary>
internal static class VocabTxtTokenizer
{
    private const string FileName = "vocab.txt";
    private const string ContinuingPrefix = "##";
    private const int MaxCharsPerWord = 100;

    private static readonly UTF8Encoding _strictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Loads the tokenizer.</summary>
    public static TextEncoder Load(BaseModelFiles files, TokenizerSettings settings)
    {
        var vocabulary = ReadVocabulary(files.ReadBytes(FileName), files.NameForMessages(FileName));
        var config = settings.Config;
        var mpnet = config.TryGetString("tokenizer_class")?.StartsWith("MPNet", StringComparison.Ordinal) ?? false;
        var unknown = settings.SpecialToken("unk_token", "[UNK]");
        var cls = settings.SpecialToken("cls_token", mpnet ? "<s>" : "[CLS]");
        var sep = settings.SpecialToken("sep_token", mpnet ? "</s>" : "[SEP]");
        var pad = settings.SpecialToken("pad_token", mpnet ? "<pad>" : "[PAD]");
        var mask = settings.SpecialToken("mask_token", mpnet ? "<mask>" : "[MASK]");
        var lowercase = config.GetBool("do_lower_case", true);
        var normalizer = new BertNormalizer(
            cleanText: true,
            config.GetBool("tokenize_chinese_chars", true),
            config.GetBool("strip_accents", lowercase),
            lowercase);
        var added = settings.AddedTokens().ToDictionary(token => token.Content);
        foreach (var token in new[] { unknown, cls, sep, pad, mask })
        {
            if (vocabulary.IdOf(token) is { } id)
            {
                added.TryAdd(token, new AddedToken(id, token, false, mpnet && token == mask, false, false, true));
            }
        }

        var model = new WordPieceModel(vocabulary, unknown, ContinuingPrefix, MaxCharsPerWord);
        var pipeline = new TokenizerPipeline(
            normalizer, [new BertPreTokenizer()], model, new WordPieceDecoder(ContinuingPrefix, cleansUp: true), [.. added.Values]);
        var (clsId, sepId) = (vocabulary.Require(cls), vocabulary.Require(sep));
        var template = mpnet ? PairTemplate.Roberta(clsId, sepId) : PairTemplate.Bert(clsId, sepId);
        return new TextEncoder(
            pipeline, template, vocabulary.IdOf(pad) ?? 0, settings.TruncatesLeft, settings.ModelMaxLength);
    }

    private static Vocabulary ReadVocabulary(byte[] bytes, string file)
    {
        string text;
        try
        {
            text = _strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidDataException($"'{file}': the file is not valid UTF-8: {error.Message}", error);
        }

        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var line = 0;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            var token = text.AsSpan()[range].TrimEnd('\r');
            if (range.End.Value == text.Length && token.IsEmpty)
            {
                break;
            }

            ids[token.ToString()] = line++;
        }

        return new Vocabulary(ids, file);
    }
}
