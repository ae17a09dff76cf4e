#nullable enable

using System.Text.RegularExpressions;

namespace Microsoft.ML.Tokenizers;

/// <summary>Pieces are the matches of a regular expression, and the special tokens between them.</summary>
public sealed class RegexPreTokenizer : PreTokenizer
{
    private readonly Regex _regex;
    private readonly Regex? _special;

    /// <summary>Creates the pre-tokenizer.</summary>
    /// <param name="regex">What a piece looks like.</param>
    /// <param name="specialTokens">Texts that are pieces of their own wherever they occur.</param>
    /// <exception cref="ArgumentNullException"><paramref name="regex"/> is null.</exception>
    public RegexPreTokenizer(Regex regex, IReadOnlyDictionary<string, int>? specialTokens)
    {
        ArgumentNullException.ThrowIfNull(regex);
        _regex = regex;
        if (specialTokens is { Count: > 0 })
        {
            _special = new Regex(string.Join('|', specialTokens.Keys.Select(Regex.Escape)), RegexOptions.Compiled);
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        return string.IsNullOrEmpty(text) ? [] : Pieces(text);
    }

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
    {
        return text.IsEmpty ? [] : Pieces(text.ToString());
    }

    private IEnumerable<(int Offset, int Length)> Pieces(string text)
    {
        int start = 0;
        for (Match? token = _special?.Match(text); token is { Success: true }; token = token.NextMatch())
        {
            foreach ((int Offset, int Length) piece in Between(text, start, token.Index))
            {
                yield return piece;
            }

            yield return (token.Index, token.Length);
            start = token.Index + token.Length;
        }

        foreach ((int Offset, int Length) piece in Between(text, start, text.Length))
        {
            yield return piece;
        }
    }

    private IEnumerable<(int Offset, int Length)> Between(string text, int start, int end)
    {
        if (start == end)
        {
            yield break;
        }

        for (Match match = _regex.Match(text, start, end - start); match.Success; match = match.NextMatch())
        {
            yield return (match.Index, match.Length);
        }
    }
}
