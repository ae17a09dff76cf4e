using System.Collections.Concurrent;

namespace Microsoft.ML.Lora.Tokenization;

/// <summary>
/// From a text to its tokens: added tokens are taken out, what is between them is normalized, cut into pieces, and
/// the pieces go through the model. Special tokens around the text are <see cref="PairTemplate"/>'s matter.
/// </summary>
internal sealed class TokenizerPipeline
{
    private readonly ConcurrentBag<EncodingScratch> _scratch = [];
    private readonly Dictionary<string, AddedToken> _addedByContent = new(StringComparer.Ordinal);
    private readonly Dictionary<int, AddedToken> _addedById = [];
    private readonly AddedTokenFinder _rawTokens;
    private readonly AddedTokenFinder _normalizedTokens;

    /// <summary>Puts the parts together.</summary>
    public TokenizerPipeline(
        ITextNormalizer? normalizer,
        IReadOnlyList<IPreTokenizer> preTokenizers,
        ITokenModel model,
        ITokenDecoder? decoder,
        IReadOnlyList<AddedToken> addedTokens)
    {
        Normalizer = normalizer;
        PreTokenizers = preTokenizers;
        Model = model;
        Decoder = decoder;
        AddedTokens = addedTokens;
        foreach (var token in addedTokens)
        {
            _addedByContent[token.Content] = token;
            _addedById[token.Id] = token;
        }

        _rawTokens = new AddedTokenFinder(addedTokens.Where(token => !token.Normalized).Select(token => (token, token.Content)));
        _normalizedTokens = new AddedTokenFinder(
            addedTokens.Where(token => token.Normalized).Select(token => (token, Normalize(token.Content))));
    }

    /// <summary>Gets what rewrites the text; null for nothing.</summary>
    public ITextNormalizer? Normalizer { get; }

    /// <summary>Gets what cuts it, in order.</summary>
    public IReadOnlyList<IPreTokenizer> PreTokenizers { get; }

    /// <summary>Gets what turns pieces into tokens.</summary>
    public ITokenModel Model { get; }

    /// <summary>Gets what joins tokens to a text again; null for blanks between them.</summary>
    public ITokenDecoder? Decoder { get; }

    /// <summary>Gets the tokens that are found in the text first.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>Gets the number of ids, added tokens included: the largest id plus one.</summary>
    public int Size => Math.Max(Model.Size, _addedById.Count == 0 ? 0 : _addedById.Keys.Max() + 1);

    /// <summary>The id of a token, added or of the model; null when there is none.</summary>
    public int? IdOf(string token) => _addedByContent.TryGetValue(token, out var added) ? added.Id : Model.IdOf(token);

    /// <summary>The token of an id; null when there is none.</summary>
    public string? TokenOf(int id) => _addedById.TryGetValue(id, out var added) ? added.Content : Model.TokenOf(id);

    /// <summary>Whether an id is that of a special token.</summary>
    public bool IsSpecial(int id) => _addedById.TryGetValue(id, out var added) && added.Special;

    /// <summary>Lends working memory; to be handed back by <see cref="Return"/>.</summary>
    public EncodingScratch Rent() => _scratch.TryTake(out var scratch) ? scratch : new EncodingScratch();

    /// <summary>Takes working memory back.</summary>
    public void Return(EncodingScratch scratch) => _scratch.Add(scratch);

    /// <summary>Normalizes a text as a whole.</summary>
    public string Normalize(ReadOnlySpan<char> text)
    {
        if (Normalizer is null)
        {
            return text.ToString();
        }

        var output = new CharBuffer();
        Normalizer.Normalize(ValidText(text), output);
        return output.Span.ToString();
    }

    /// <summary>Appends the tokens of a text; may stop once there are more than <paramref name="limit"/>.</summary>
    /// <param name="text">Any text; unpaired surrogates count as U+FFFD.</param>
    /// <param name="scratch">Working memory.</param>
    /// <param name="tokens">Where tokens are appended. If it keeps places, they index <see cref="EncodingScratch.WholeText"/>.</param>
    /// <param name="limit">After how many tokens no more are needed.</param>
    /// <param name="cuts">Whether the pre-tokenizers cut the text; without them the model gets it in one piece.</param>
    public void Encode(
        ReadOnlySpan<char> text, EncodingScratch scratch, TokenList tokens, int limit = int.MaxValue, bool cuts = true)
    {
        scratch.WholeText.Clear();
        scratch.Cuts = cuts;
        text = ValidText(text);
        for (var done = 0; done < text.Length && tokens.Count <= limit;)
        {
            var start = text.Length;
            var end = text.Length;
            var added = _rawTokens.IsEmpty ? null : _rawTokens.FindNext(text, done, out start, out end);
            if (start > done)
            {
                EncodeBetween(text[done..start], done == 0, scratch, tokens, limit);
            }

            if (added is not null)
            {
                AddAdded(added, text[start..end], scratch, tokens);
            }

            done = end;
        }
    }

    // Text in .NET may hold halves of surrogate pairs, which Hugging Face's UTF-8 cannot.
    private static ReadOnlySpan<char> ValidText(ReadOnlySpan<char> text)
    {
        var place = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        while (place >= 0 && place < text.Length)
        {
            if (!char.IsSurrogate(text[place]))
            {
                place++;
            }
            else if (place + 1 < text.Length && char.IsSurrogatePair(text[place], text[place + 1]))
            {
                place += 2;
            }
            else
            {
                var valid = new CharBuffer();
                foreach (var rune in text.EnumerateRunes())
                {
                    valid.AppendCodePoint(rune.Value);
                }

                return valid.Span;
            }
        }

        return text;
    }

    private static void AddAdded(AddedToken added, ReadOnlySpan<char> text, EncodingScratch scratch, TokenList tokens)
    {
        var start = scratch.WholeText.Length;
        if (tokens.KeepsPlaces)
        {
            scratch.WholeText.Append(text);
        }

        tokens.Add(added.Id, start, scratch.WholeText.Length);
    }

    private void EncodeBetween(ReadOnlySpan<char> text, bool startsInput, EncodingScratch scratch, TokenList tokens, int limit)
    {
        if (_normalizedTokens.IsEmpty)
        {
            var whole = scratch.Pieces.Begin(startsInput);
            NormalizeInto(text, whole);
            EncodePieces(whole.Span, scratch, tokens, limit);
            return;
        }

        scratch.Normalized.Clear();
        NormalizeInto(text, scratch.Normalized);
        var normalized = scratch.Normalized.Span;
        for (var done = 0; done < normalized.Length && tokens.Count <= limit;)
        {
            var added = _normalizedTokens.FindNext(normalized, done, out var start, out var end);
            if (start > done)
            {
                var part = scratch.Pieces.Begin(startsInput && done == 0);
                part.Append(normalized[done..start]);
                EncodePieces(part.Span, scratch, tokens, limit);
            }

            if (added is not null)
            {
                AddAdded(added, normalized[start..end], scratch, tokens);
            }

            done = end;
        }
    }

    private void NormalizeInto(ReadOnlySpan<char> text, CharBuffer output)
    {
        if (Normalizer is null)
        {
            output.Append(text);
        }
        else
        {
            Normalizer.Normalize(text, output);
        }
    }

    private void EncodePieces(ReadOnlySpan<char> normalized, EncodingScratch scratch, TokenList tokens, int limit)
    {
        var pieces = scratch.Pieces;
        var offset = scratch.WholeText.Length;
        if (tokens.KeepsPlaces)
        {
            scratch.WholeText.Append(normalized);
        }

        pieces.EndBegin(tokens.KeepsPlaces);
        for (var i = 0; i < PreTokenizers.Count && scratch.Cuts; i++)
        {
            PreTokenizers[i].Apply(pieces);
        }

        for (var i = 0; i < pieces.Count && tokens.Count <= limit; i++)
        {
            var first = tokens.Count;
            Model.Tokenize(pieces[i], tokens);
            if (tokens.KeepsPlaces)
            {
                foreach (ref var place in tokens.Places[first..])
                {
                    var (start, end) = pieces.Origin(i, place.Start, place.End);
                    place = (offset + start, offset + end);
                }
            }
        }
    }
}
