using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Decoders;
using Microsoft.ML.Lora.Tokenization.Models;
using Microsoft.ML.Lora.Tokenization.Normalizers;
using Microsoft.ML.Lora.Tokenization.PreTokenizers;
using Microsoft.ML.Lora.Tokenization.Unicode;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>
/// The tokenizers of XLM-RoBERTa and CamemBERT (sentencepiece.bpe.model) and DeBERTa-v2 and v3 (spm.model) from their
/// SentencePiece files, put together as transformers 5 does.
/// </summary>
internal static class SentencePieceTokenizer
{
    /// <summary>The file of XLM-RoBERTa and CamemBERT.</summary>
    public const string RobertaFile = "sentencepiece.bpe.model";

    /// <summary>The file of DeBERTa-v2.</summary>
    public const string DebertaFile = "spm.model";

    // Pieces that SentencePiece puts first, in whose place XLM-RoBERTa has its own four.
    private const int OwnPieces = 3;

    // A log-probability so low that no text is cut into that piece.
    private const double NeverChosen = -100;

    /// <summary>
    /// XLM-RoBERTa's: <c>&lt;s&gt; &lt;pad&gt; &lt;/s&gt; &lt;unk&gt;</c>, the pieces, <c>&lt;mask&gt;</c>; or CamemBERT's, where
    /// other four come first and the pieces keep their own <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c>.
    /// </summary>
    public static TextEncoder LoadRoberta(BaseModelFiles files, TokenizerSettings settings)
    {
        var name = files.NameForMessages(RobertaFile);
        var source = SentencePieceFile.Parse(files.ReadBytes(RobertaFile), name);
        var special = new SpecialTokens(settings, "<s>", "</s>", "<unk>", "<pad>", "<mask>");
        var isCamembert = IsCamembert(files, settings, name);
        List<(string, double)> vocabulary = isCamembert
            ?
            [
                ("<s>NOTUSED", 0), (special.Pad, 0), ("</s>NOTUSED", 0), (special.Unk, 0), ("<unk>NOTUSED", NeverChosen),
                .. source.Pieces.Skip(1), (special.Mask, 0),
            ]
            :
            [
                (special.Cls, 0), (special.Pad, 0), (special.Sep, 0), (special.Unk, 0),
                .. source.Pieces.Skip(OwnPieces), (special.Mask, 0),
            ];
        const int UnknownId = 3;
        var model = new UnigramModel(vocabulary, UnknownId, byteFallback: false, name);
        ITextNormalizer? normalizer = source.NormalizerTable.Length == 0
            ? null
            : new PrecompiledNormalizer(source.NormalizerTable, name);
        IPreTokenizer[] preTokenizers = isCamembert
            ? [Metaspace(settings)]
            :
            [
                new CharacterSplitPreTokenizer(rune => UnicodeTables.IsWhiteSpace(rune.Value), SplitBehavior.Removed),
                Metaspace(settings),
            ];
        var pipeline = new TokenizerPipeline(normalizer, preTokenizers, model, Decoder(), special.Collect(model));
        return special.ToEncoder(pipeline, PairTemplate.Roberta);
    }

    /// <summary>DeBERTa-v2's: the pieces as they are, special tokens that are not among them after them.</summary>
    public static TextEncoder LoadDeberta(BaseModelFiles files, TokenizerSettings settings)
    {
        var name = files.NameForMessages(DebertaFile);
        var source = SentencePieceFile.Parse(files.ReadBytes(DebertaFile), name);
        var special = new SpecialTokens(settings, "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]");
        var model = new UnigramModel(
            source.Pieces, source.UnknownId < 0 ? null : source.UnknownId, byteFallback: false, name);
        List<ITextNormalizer> normalizers =
        [
            new ReplaceRunsNormalizer(c => UnicodeTables.IsWhiteSpace(c), c => c is '\n' or '\r' or '\t', " "),
            new UnicodeFormNormalizer(compatible: false, composes: true),
            new StripNormalizer(left: false, right: true),
        ];
        if (settings.Config.GetBool("do_lower_case", false))
        {
            normalizers.Insert(0, new LowercaseNormalizer());
        }

        List<IPreTokenizer> preTokenizers = [Metaspace(settings)];
        if (settings.Config.GetBool("split_by_punct", false))
        {
            preTokenizers.Insert(0, new CharacterSplitPreTokenizer(
                rune => (UnicodeTables.Traits(rune.Value) & CharacterTraits.Punctuation) != 0, SplitBehavior.Isolated));
        }

        var pipeline = new TokenizerPipeline(
            new SequenceNormalizer(normalizers), preTokenizers, model, Decoder(), special.Collect(model));
        return special.ToEncoder(pipeline, PairTemplate.Bert);
    }

    // The tokenizer's class tells; where none is named, the model's type.
    private static bool IsCamembert(BaseModelFiles files, TokenizerSettings settings, string name)
    {
        const string Config = "config.json";
        if (settings.Config.TryGetString("tokenizer_class") is not { } kind)
        {
            return files.Exists(Config) && files.ReadJson(Config).TryGetString("model_type") == "camembert";
        }

        var isCamembert = kind.StartsWith("Camembert", StringComparison.Ordinal);
        if (!isCamembert && !kind.StartsWith("XLMRoberta", StringComparison.Ordinal))
        {
            Throw.NotSupported_InFile(
                name, $"a tokenizer of the class {Throw.Quote(kind)} is not put together from this file. Save it as tokenizer.json with transformers.");
        }

        return isCamembert;
    }

    private static MetaspacePreTokenizer Metaspace(TokenizerSettings settings) => new(
        MetaspacePreTokenizer.DefaultMark,
        settings.Config.GetBool("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never,
        splits: true);

    private static MetaspaceDecoder Decoder() => new(MetaspacePreTokenizer.DefaultMark, prepended: true);
}
