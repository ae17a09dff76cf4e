#nullable enable

using System.Buffers;

namespace Microsoft.ML.Tokenizers;

/// <summary>
/// The contract of every tokenizer: an implementation gives the tokens of a text and decodes ids; all else follows.
/// </summary>
public abstract class Tokenizer
{
    private const int DecodeBuffer = 1024;
    private const int CharsPerId = 8;

    /// <summary>What rewrites the text first, if anything does.</summary>
    public virtual Normalizer? Normalizer => null;

    /// <summary>What cuts the text first, if anything does.</summary>
    public virtual PreTokenizer? PreTokenizer => null;

    /// <summary>Gives the tokens of a text.</summary>
    /// <param name="text">The text, or null when it came as a span.</param>
    /// <param name="textSpan">The same text as a span.</param>
    /// <param name="settings">The choices of this call.</param>
    protected abstract EncodeResults<EncodedToken> EncodeToTokens(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings);

    /// <summary>Gives the ids of a text; by default those of its tokens.</summary>
    /// <param name="text">The text, or null when it came as a span.</param>
    /// <param name="textSpan">The same text as a span.</param>
    /// <param name="settings">The choices of this call.</param>
    protected virtual EncodeResults<int> EncodeToIds(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        EncodeResults<EncodedToken> results = EncodeToTokens(text, textSpan, settings);
        var ids = new int[results.Tokens.Count];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = results.Tokens[i].Id;
        }

        return new EncodeResults<int>
        {
            Tokens = ids,
            NormalizedText = results.NormalizedText,
            CharsConsumed = results.CharsConsumed,
        };
    }

    /// <summary>Counts the tokens of a text.</summary>
    /// <param name="text">The text, or null when it came as a span.</param>
    /// <param name="textSpan">The same text as a span.</param>
    /// <param name="settings">The choices of this call.</param>
    protected virtual int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        return EncodeToTokens(text, textSpan, settings).Tokens.Count;
    }

    /// <summary>Finds where to cut a text so that at most the settings' number of tokens remains.</summary>
    /// <param name="text">The text, or null when it came as a span.</param>
    /// <param name="textSpan">The same text as a span.</param>
    /// <param name="settings">The choices of this call; the limit among them.</param>
    /// <param name="fromEnd">Whether the text's end is kept rather than its beginning.</param>
    /// <param name="normalizedText">The text that the index counts in, or null when it is the text itself.</param>
    /// <param name="tokenCount">The number of tokens kept.</param>
    /// <returns>The end of the kept beginning, or the start of the kept end.</returns>
    protected virtual int GetIndexByTokenCount(
        string? text,
        ReadOnlySpan<char> textSpan,
        EncodeSettings settings,
        bool fromEnd,
        out string? normalizedText,
        out int tokenCount)
    {
        int limit = settings.MaxTokenCount;
        if (fromEnd)
        {
            settings.MaxTokenCount = int.MaxValue;
        }

        EncodeResults<EncodedToken> results = EncodeToTokens(text, textSpan, settings);
        IReadOnlyList<EncodedToken> tokens = results.Tokens;
        normalizedText = results.NormalizedText;
        tokenCount = Math.Min(limit, tokens.Count);
        if (!fromEnd)
        {
            return tokenCount > 0 ? tokens[tokenCount - 1].Offset.End.Value : 0;
        }

        return tokenCount > 0
            ? tokens[tokens.Count - tokenCount].Offset.Start.Value
            : normalizedText?.Length ?? textSpan.Length;
    }

    /// <summary>Gives the tokens of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="normalizedText">The text that the offsets count in, or null when it is the text itself.</param>
    /// <param name="considerPreTokenization">Whether the pre-tokenizer cuts the text first.</param>
    /// <param name="considerNormalization">Whether the normalizer rewrites the text first.</param>
    public IReadOnlyList<EncodedToken> EncodeToTokens(
        string text,
        out string? normalizedText,
        bool considerPreTokenization = true,
        bool considerNormalization = true)
    {
        return Tokens(text, text, considerPreTokenization, considerNormalization, out normalizedText);
    }

    /// <inheritdoc cref="EncodeToTokens(string, out string?, bool, bool)"/>
    public IReadOnlyList<EncodedToken> EncodeToTokens(
        ReadOnlySpan<char> text,
        out string? normalizedText,
        bool considerPreTokenization = true,
        bool considerNormalization = true)
    {
        return Tokens(null, text, considerPreTokenization, considerNormalization, out normalizedText);
    }

    /// <summary>Gives the ids of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="considerPreTokenization">Whether the pre-tokenizer cuts the text first.</param>
    /// <param name="considerNormalization">Whether the normalizer rewrites the text first.</param>
    public IReadOnlyList<int> EncodeToIds(
        string text, bool considerPreTokenization = true, bool considerNormalization = true)
    {
        return EncodeToIds(text, text, Settings(considerPreTokenization, considerNormalization)).Tokens;
    }

    /// <inheritdoc cref="EncodeToIds(string, bool, bool)"/>
    public IReadOnlyList<int> EncodeToIds(
        ReadOnlySpan<char> text, bool considerPreTokenization = true, bool considerNormalization = true)
    {
        return EncodeToIds(null, text, Settings(considerPreTokenization, considerNormalization)).Tokens;
    }

    /// <summary>Gives at most so many ids of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxTokenCount">The largest number of ids.</param>
    /// <param name="normalizedText">The text after normalization, or null when it was taken as it is.</param>
    /// <param name="charsConsumed">How many characters of that text the ids cover.</param>
    /// <param name="considerPreTokenization">Whether the pre-tokenizer cuts the text first.</param>
    /// <param name="considerNormalization">Whether the normalizer rewrites the text first.</param>
    public IReadOnlyList<int> EncodeToIds(
        string text,
        int maxTokenCount,
        out string? normalizedText,
        out int charsConsumed,
        bool considerPreTokenization = true,
        bool considerNormalization = true)
    {
        EncodeSettings settings = Settings(considerPreTokenization, considerNormalization, maxTokenCount);
        return Ids(text, text, settings, out normalizedText, out charsConsumed);
    }

    /// <inheritdoc cref="EncodeToIds(string, int, out string?, out int, bool, bool)"/>
    public IReadOnlyList<int> EncodeToIds(
        ReadOnlySpan<char> text,
        int maxTokenCount,
        out string? normalizedText,
        out int charsConsumed,
        bool considerPreTokenization = true,
        bool considerNormalization = true)
    {
        EncodeSettings settings = Settings(considerPreTokenization, considerNormalization, maxTokenCount);
        return Ids(null, text, settings, out normalizedText, out charsConsumed);
    }

    /// <summary>Counts the tokens of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="considerPreTokenization">Whether the pre-tokenizer cuts the text first.</param>
    /// <param name="considerNormalization">Whether the normalizer rewrites the text first.</param>
    public int CountTokens(string text, bool considerPreTokenization = true, bool considerNormalization = true)
    {
        return CountTokens(text, text, Settings(considerPreTokenization, considerNormalization));
    }

    /// <inheritdoc cref="CountTokens(string, bool, bool)"/>
    public int CountTokens(
        ReadOnlySpan<char> text, bool considerPreTokenization = true, bool considerNormalization = true)
    {
        return CountTokens(null, text, Settings(considerPreTokenization, considerNormalization));
    }

    /// <summary>Finds where the longest beginning of a text ends that has at most so many tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxTokenCount">The largest number of tokens.</param>
    /// <param name="normalizedText">The text that the index counts in, or null when it is the text itself.</param>
    /// <param name="tokenCount">The number of tokens of that beginning.</param>
    /// <param name="considerPreTokenization">Whether the pre-tokenizer cuts the text first.</param>
    /// <param name="considerNormalization">Whether the normalizer rewrites the text first.</param>
    public int GetIndexByTokenCount(
        string text,
        int maxTokenCount,
        out string? normalizedText,
        out int tokenCount,
        bool considerPreTokenization = true,
        bool considerNormalization = true)
    {
        EncodeSettings settings = Settings(considerPreTokenization, considerNormalization, maxTokenCount);
        return GetIndexByTokenCount(text, text, settings, false, out normalizedText, out tokenCount);
    }

    /// <inheritdoc cref="GetIndexByTokenCount(string, int, out string?, out int, bool, bool)"/>
    public int GetIndexByTokenCount(
        ReadOnlySpan<char> text,
        int maxTokenCount,
        out string? normalizedText,
        out int tokenCount,
        bool considerPreTokenization = true,
        bool considerNormalization = true)
    {
        EncodeSettings settings = Settings(considerPreTokenization, considerNormalization, maxTokenCount);
        return GetIndexByTokenCount(null, text, settings, false, out normalizedText, out tokenCount);
    }

    /// <summary>Finds where the longest end of a text starts that has at most so many tokens.</summary>
    /// <inheritdoc cref="GetIndexByTokenCount(string, int, out string?, out int, bool, bool)"/>
    public int GetIndexByTokenCountFromEnd(
        string text,
        int maxTokenCount,
        out string? normalizedText,
        out int tokenCount,
        bool considerPreTokenization = true,
        bool considerNormalization = true)
    {
        EncodeSettings settings = Settings(considerPreTokenization, considerNormalization, maxTokenCount);
        return GetIndexByTokenCount(text, text, settings, true, out normalizedText, out tokenCount);
    }

    /// <inheritdoc cref="GetIndexByTokenCountFromEnd(string, int, out string?, out int, bool, bool)"/>
    public int GetIndexByTokenCountFromEnd(
        ReadOnlySpan<char> text,
        int maxTokenCount,
        out string? normalizedText,
        out int tokenCount,
        bool considerPreTokenization = true,
        bool considerNormalization = true)
    {
        EncodeSettings settings = Settings(considerPreTokenization, considerNormalization, maxTokenCount);
        return GetIndexByTokenCount(null, text, settings, true, out normalizedText, out tokenCount);
    }

    /// <summary>Writes the text of ids into a buffer.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="destination">Where the text goes.</param>
    /// <param name="idsConsumed">How many ids were written in full.</param>
    /// <param name="charsWritten">How many characters were written.</param>
    public abstract OperationStatus Decode(
        IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten);

    /// <summary>Gives the text of ids.</summary>
    /// <param name="ids">The ids.</param>
    /// <exception cref="ArgumentNullException"><paramref name="ids"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The ids have no text.</exception>
    public virtual string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        int length = DecodeBuffer;
        if (ids is ICollection<int> { Count: int count })
        {
            if (count == 0)
            {
                return "";
            }

            length = (int)Math.Min(length, (long)count * CharsPerId);
        }

        for (; ; length = checked(length * 2))
        {
            char[] buffer = ArrayPool<char>.Shared.Rent(length);
            try
            {
                switch (Decode(ids, buffer, out _, out int charsWritten))
                {
                    case OperationStatus.Done:
                        return new string(buffer, 0, charsWritten);
                    case OperationStatus.DestinationTooSmall:
                        break;
                    default:
                        throw new InvalidOperationException("The provided token IDs could not be decoded.");
                }
            }
            finally
            {
                ArrayPool<char>.Shared.Return(buffer);
            }
        }
    }

    private static EncodeSettings Settings(bool preTokenize, bool normalize, int limit = int.MaxValue) => new()
    {
        ConsiderPreTokenization = preTokenize,
        ConsiderNormalization = normalize,
        MaxTokenCount = limit,
    };

    private IReadOnlyList<EncodedToken> Tokens(
        string? text, ReadOnlySpan<char> span, bool preTokenize, bool normalize, out string? normalizedText)
    {
        EncodeResults<EncodedToken> results = EncodeToTokens(text, span, Settings(preTokenize, normalize));
        normalizedText = results.NormalizedText;
        return results.Tokens;
    }

    private IReadOnlyList<int> Ids(
        string? text,
        ReadOnlySpan<char> span,
        EncodeSettings settings,
        out string? normalizedText,
        out int charsConsumed)
    {
        EncodeResults<int> results = EncodeToIds(text, span, settings);
        normalizedText = results.NormalizedText;
        charsConsumed = results.CharsConsumed;
        return results.Tokens;
    }
}
