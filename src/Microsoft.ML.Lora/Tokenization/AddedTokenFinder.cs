using System.Buffers;
using System.Text;
using Microsoft.ML.Lora.Tokenization.Models;
using Microsoft.ML.Lora.Tokenization.PreTokenizers;
using Microsoft.ML.Lora.Tokenization.Unicode;

namespace Microsoft.ML.Lora.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost, of those the longest.</summary>
internal sealed class AddedTokenFinder
{
    private readonly TokenTrie _trie = new();
    private readonly AddedToken[] _tokens;
    private readonly SearchValues<char> _firstChars;

    /// <summary>Takes the tokens and the texts they are found by.</summary>
    public AddedTokenFinder(IEnumerable<(AddedToken Token, string Text)> tokens)
    {
        var sought = tokens.Where(item => item.Text.Length > 0).ToArray();
        _tokens = [.. sought.Select(item => item.Token)];
        _firstChars = SearchValues.Create([.. sought.Select(item => item.Text[0]).Distinct()]);
        for (var i = 0; i < sought.Length; i++)
        {
            _trie.Add(sought[i].Text, i);
        }
    }

    /// <summary>Gets whether there are none.</summary>
    public bool IsEmpty => _tokens.Length == 0;

    /// <summary>Finds the first token in a text from a place on.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Where to begin; white space before it is not taken along.</param>
    /// <param name="start">Where the token begins, the white space it takes along included.</param>
    /// <param name="end">Where it ends.</param>
    /// <returns>The token, or null when there is none.</returns>
    public AddedToken? FindNext(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (var place = from; place < text.Length; place++)
        {
            var ahead = text[place..].IndexOfAny(_firstChars);
            if (ahead < 0)
            {
                break;
            }

            place += ahead;
            if (LongestAt(text, place, out end) is { } token)
            {
                if (token.SingleWord && !StandsAlone(text, place, end))
                {
                    // The match counts as consumed all the same.
                    place = end - 1;
                    continue;
                }

                start = place;
                WidenOverWhiteSpace(text, token, from, ref start, ref end);
                return token;
            }
        }

        start = end = text.Length;
        return null;
    }

    private static void WidenOverWhiteSpace(ReadOnlySpan<char> text, AddedToken token, int from, ref int start, ref int end)
    {
        while (token.StripsLeft && start > from && UnicodeTables.IsWhiteSpace(text[start - 1]))
        {
            start--;
        }

        while (token.StripsRight && end < text.Length && UnicodeTables.IsWhiteSpace(text[end]))
        {
            end++;
        }
    }

    private static bool StandsAlone(ReadOnlySpan<char> text, int start, int end)
    {
        _ = Rune.DecodeLastFromUtf16(text[..start], out var before, out _);
        _ = Rune.DecodeFromUtf16(text[end..], out var after, out _);
        return (start == 0 || !WordPreTokenizer.IsWordCharacter(before)) && (end == text.Length || !WordPreTokenizer.IsWordCharacter(after));
    }

    private AddedToken? LongestAt(ReadOnlySpan<char> text, int start, out int end)
    {
        AddedToken? longest = null;
        end = start;
        var node = TokenTrie.Root;
        for (var i = start; i < text.Length; i++)
        {
            node = _trie.Step(node, text[i]);
            if (node == TokenTrie.None)
            {
                break;
            }

            if (_trie.TokenAt(node) is var found and not TokenTrie.None)
            {
                longest = _tokens[found];
                end = i + 1;
            }
        }

        return longest;
    }
}
