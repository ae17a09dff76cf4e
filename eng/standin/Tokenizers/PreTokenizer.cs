#nullable enable

using System.Text.RegularExpressions;

namespace Microsoft.ML.Tokenizers;

/// <summary>Cuts a text into the pieces that are turned into tokens one by one.</summary>
public abstract partial class PreTokenizer
{
    private static readonly RegexPreTokenizer _whiteSpace = new(NotWhiteSpace(), null);
    private static readonly RegexPreTokenizer _wordOrNonWord = new(WordOrNonWord(), null);
    private static readonly RegexPreTokenizer _wordOrPunctuation = new(WordOrPunctuation(), null);

    /// <summary>Returns the pieces of the text in order, as (start, length).</summary>
    public abstract IEnumerable<(int Offset, int Length)> PreTokenize(string text);

    /// <summary>Returns the pieces of the text in order, as (start, length).</summary>
    public abstract IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text);

    /// <summary>Pieces are runs of characters that are not white space.</summary>
    /// <param name="specialTokens">Texts that are pieces of their own wherever they occur.</param>
    public static PreTokenizer CreateWhiteSpace(IReadOnlyDictionary<string, int>? specialTokens = null)
    {
        return Create(_whiteSpace, NotWhiteSpace(), specialTokens);
    }

    /// <summary>Pieces are words, and runs of characters that are neither word characters nor white space.</summary>
    /// <param name="specialTokens">Texts that are pieces of their own wherever they occur.</param>
    public static PreTokenizer CreateWordOrNonWord(IReadOnlyDictionary<string, int>? specialTokens = null)
    {
        return Create(_wordOrNonWord, WordOrNonWord(), specialTokens);
    }

    /// <summary>Pieces are words, and single punctuation marks; everything else is left out.</summary>
    /// <param name="specialTokens">Texts that are pieces of their own wherever they occur.</param>
    public static PreTokenizer CreateWordOrPunctuation(IReadOnlyDictionary<string, int>? specialTokens = null)
    {
        return Create(_wordOrPunctuation, WordOrPunctuation(), specialTokens);
    }

    private static RegexPreTokenizer Create(
        RegexPreTokenizer shared, Regex regex, IReadOnlyDictionary<string, int>? specialTokens)
    {
        return specialTokens is not { Count: > 0 } ? shared : new RegexPreTokenizer(regex, specialTokens);
    }

    [GeneratedRegex(@"\S+")]
    private static partial Regex NotWhiteSpace();

    [GeneratedRegex(@"\w+|[^\w\s]+")]
    private static partial Regex WordOrNonWord();

    [GeneratedRegex(@"\w+|\p{P}")]
    private static partial Regex WordOrPunctuation();
}
