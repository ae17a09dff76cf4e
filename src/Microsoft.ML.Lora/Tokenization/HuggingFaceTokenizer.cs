using System.Buffers;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.Lora.Tokenization;

/// <summary>
/// A Hugging Face tokenizer as a <see cref="Tokenizer"/> of ML.NET: the same ids as Hugging Face's fast tokenizers
/// give without special tokens around the text. Usable from several threads at once.
/// </summary>
internal sealed class HuggingFaceTokenizer : Tokenizer
{
    private readonly TokenizerPipeline _pipeline;
    private readonly TokenizerPipeline _bare;

    /// <summary>Shows a pipeline.</summary>
    public HuggingFaceTokenizer(TokenizerPipeline pipeline)
    {
        _pipeline = pipeline;
        _bare = pipeline.Normalizer is null
            ? pipeline
            : new TokenizerPipeline(null, pipeline.PreTokenizers, pipeline.Model, pipeline.Decoder, pipeline.AddedTokens);
        Normalizer = pipeline.Normalizer is null ? null : new PipelineNormalizer(pipeline);
    }

    /// <inheritdoc/>
    public override Normalizer? Normalizer { get; }

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var tokens = ids.Select(_pipeline.TokenOf).OfType<string>().ToList();
        return _pipeline.Decoder is null ? string.Join(' ', tokens) : string.Concat(_pipeline.Decoder.Decode(tokens));
    }

    /// <inheritdoc/>
    public override OperationStatus Decode(
        IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var list = ids.ToList();
        if (TryDecode(list, list.Count, destination, out charsWritten))
        {
            idsConsumed = list.Count;
            return OperationStatus.Done;
        }

        // The longest run of ids whose text still fits; a decoder's text never shrinks by a further id.
        int fits = 0, fails = list.Count;
        while (fails - fits > 1)
        {
            var middle = (fits + fails) / 2;
            (fits, fails) = TryDecode(list, middle, destination, out _) ? (middle, fails) : (fits, middle);
        }

        TryDecode(list, fits, destination, out charsWritten);
        idsConsumed = fits;
        return OperationStatus.DestinationTooSmall;
    }

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var pipeline = settings.ConsiderNormalization ? _pipeline : _bare;
        var scratch = pipeline.Rent();
        try
        {
            var found = Run(pipeline, scratch, Input(text, textSpan), settings, keepPlaces: true);
            var normalized = scratch.WholeText.Span.ToString();
            var tokens = new EncodedToken[found.Count];
            for (var i = 0; i < tokens.Length; i++)
            {
                var id = found.Ids[i];
                var (start, end) = found.Places[i];
                tokens[i] = new EncodedToken(id, pipeline.TokenOf(id) ?? string.Empty, start..end);
            }

            return new EncodeResults<EncodedToken>
            {
                Tokens = tokens,
                NormalizedText = normalized,
                CharsConsumed = Consumed(found, normalized, settings),
            };
        }
        finally
        {
            pipeline.Return(scratch);
        }
    }

    /// <inheritdoc/>
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var pipeline = settings.ConsiderNormalization ? _pipeline : _bare;
        var limited = settings.MaxTokenCount != int.MaxValue;
        var scratch = pipeline.Rent();
        try
        {
            var found = Run(pipeline, scratch, Input(text, textSpan), settings, keepPlaces: limited);
            var normalized = limited ? scratch.WholeText.Span.ToString() : null;
            return new EncodeResults<int>
            {
                Tokens = found.Ids.ToArray(),
                NormalizedText = normalized,
                CharsConsumed = normalized is null ? Input(text, textSpan).Length : Consumed(found, normalized, settings),
            };
        }
        finally
        {
            pipeline.Return(scratch);
        }
    }

    /// <inheritdoc/>
    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var pipeline = settings.ConsiderNormalization ? _pipeline : _bare;
        var scratch = pipeline.Rent();
        try
        {
            return Run(pipeline, scratch, Input(text, textSpan), settings, keepPlaces: false).Count;
        }
        finally
        {
            pipeline.Return(scratch);
        }
    }

    private static ReadOnlySpan<char> Input(string? text, ReadOnlySpan<char> textSpan) => text is null ? textSpan : text;

    private static TokenList Run(
        TokenizerPipeline pipeline, EncodingScratch scratch, ReadOnlySpan<char> text, EncodeSettings settings, bool keepPlaces)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(settings.MaxTokenCount);
        var tokens = scratch.Tokens;
        tokens.Clear();
        tokens.KeepsPlaces = keepPlaces;
        pipeline.Encode(text, scratch, tokens, settings.MaxTokenCount, settings.ConsiderPreTokenization);
        tokens.CutTo(settings.MaxTokenCount);
        return tokens;
    }

    private static int Consumed(TokenList found, string normalized, EncodeSettings settings) =>
        found.Count < settings.MaxTokenCount ? normalized.Length : found.Places[^1].End;

    private bool TryDecode(List<int> ids, int count, Span<char> destination, out int written)
    {
        var text = Decode(ids.Take(count));
        written = text.Length <= destination.Length ? text.Length : 0;
        return text.TryCopyTo(destination);
    }

    private sealed class PipelineNormalizer(TokenizerPipeline pipeline) : Normalizer
    {
        public override string Normalize(string original) => pipeline.Normalize(original);

        public override string Normalize(ReadOnlySpan<char> original) => pipeline.Normalize(original);
    }
}
