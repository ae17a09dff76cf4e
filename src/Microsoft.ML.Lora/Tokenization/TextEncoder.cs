using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Files;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Lora.Tokenization;

/// <summary>
/// Turns texts and pairs of texts into the ids a model reads, the same as Hugging Face's: tokenizer, special tokens,
/// truncation of the longer text first. Usable from several threads at once.
/// </summary>
internal sealed class TextEncoder
{
    private readonly TokenizerPipeline _pipeline;
    private readonly PairTemplate _template;
    private readonly bool _truncatesLeft;

    /// <summary>Puts the parts together.</summary>
    public TextEncoder(TokenizerPipeline pipeline, PairTemplate template, int padId, bool truncatesLeft, int? modelMaxLength)
    {
        _pipeline = pipeline;
        _template = template;
        _truncatesLeft = truncatesLeft;
        PadId = padId;
        ModelMaxLength = modelMaxLength;
        Tokenizer = new HuggingFaceTokenizer(pipeline);
    }

    /// <summary>Gets the tokenizer as ML.NET knows it: one text, no special tokens around it.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Gets the id that fills up shorter texts of a batch; 0 when the tokenizer names none.</summary>
    public int PadId { get; }

    /// <summary>Gets the number of ids: the largest id plus one.</summary>
    public int VocabularySize => _pipeline.Size;

    /// <summary>Gets the longest input the tokenizer's configuration names; null when it names none.</summary>
    public int? ModelMaxLength { get; }

    /// <summary>Reads a model's tokenizer: tokenizer.json, else the older files of its kind.</summary>
    /// <exception cref="FileNotFoundException">The model has no tokenizer that can be read.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    /// <exception cref="NotSupportedException">The tokenizer uses something that is not known here; the message names it.</exception>
    public static TextEncoder Load(BaseModelFiles files) => TokenizerLoader.Load(files);

    /// <summary>The number of special tokens around one text or a pair.</summary>
    public int SpecialTokenCount(bool isPair) => _template.AddedCount(isPair);

    /// <summary>Encodes a text, or a pair of texts.</summary>
    /// <param name="text">The text.</param>
    /// <param name="pair">The second text; null or empty for none, as in transformers.</param>
    /// <param name="maxTokens">The largest number of ids, special tokens included.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxTokens"/> leaves no room for a token of text.</exception>
    public TokenizedText Encode(string text, string? pair, int maxTokens)
    {
        var scratch = _pipeline.Rent();
        try
        {
            var truncated = Encode(text, pair, maxTokens, scratch, scratch.Encoded);
            var encoded = scratch.Encoded;
            return new TokenizedText(encoded.Ids.ToArray(), encoded.IsTyped ? encoded.TypeIds.ToArray() : null, truncated);
        }
        finally
        {
            _pipeline.Return(scratch);
        }
    }

    /// <summary>The same into a buffer that is used again: nothing is allocated once it has its size.</summary>
    public void Encode(string text, string? pair, int maxTokens, TypedTokens into)
    {
        var scratch = _pipeline.Rent();
        try
        {
            Encode(text, pair, maxTokens, scratch, into);
        }
        finally
        {
            _pipeline.Return(scratch);
        }
    }

    private bool Encode(string text, string? pair, int maxTokens, EncodingScratch scratch, TypedTokens into)
    {
        var isPair = !string.IsNullOrEmpty(pair);
        var room = maxTokens - _template.AddedCount(isPair);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(room, nameof(maxTokens));
        scratch.Tokens.Clear();
        scratch.PairTokens.Clear();

        // Of a single text cut at its end, what follows the cut need not be looked at.
        var limit = isPair || _truncatesLeft ? int.MaxValue : room;
        _pipeline.Encode(text, scratch, scratch.Tokens, limit);
        if (isPair)
        {
            _pipeline.Encode(pair, scratch, scratch.PairTokens);
        }

        var (first, second) = Cut(scratch.Tokens.Count, isPair ? scratch.PairTokens.Count : -1, room);
        Fill(isPair ? _template.Pair : _template.Single, Part(scratch.Tokens.Ids, first), Part(scratch.PairTokens.Ids, second), into);
        return first < scratch.Tokens.Count || second < scratch.PairTokens.Count;
    }

    /// <summary>
    /// How many tokens of each text stay within the room: the longer text is cut first; when both must be cut, each
    /// gets half, and the longer one (the second when they are equal) the odd token.
    /// </summary>
    private static (int First, int Second) Cut(int first, int second, int room)
    {
        if (second < 0)
        {
            return (Math.Min(first, room), 0);
        }

        if (first + second <= room)
        {
            return (first, second);
        }

        var shorter = Math.Min(first, second);
        var longer = Math.Max(shorter, room - shorter);
        if (shorter > room || shorter + longer > room)
        {
            shorter = room / 2;
            longer = shorter + (room % 2);
        }

        return first > second ? (longer, shorter) : (shorter, longer);
    }

    private static void Fill(
        ReadOnlySpan<TemplateItem> template, ReadOnlySpan<int> first, ReadOnlySpan<int> second, TypedTokens into)
    {
        into.Clear();
        foreach (ref readonly var item in template)
        {
            var special = item.TokenId;
            into.Add(!item.IsText ? new ReadOnlySpan<int>(in special) : item.Second ? second : first, item.TypeId);
        }
    }

    private ReadOnlySpan<int> Part(ReadOnlySpan<int> tokens, int count) =>
        _truncatesLeft ? tokens[^count..] : tokens[..count];
}
