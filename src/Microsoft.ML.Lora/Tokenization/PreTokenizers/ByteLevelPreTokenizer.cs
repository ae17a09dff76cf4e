using System.Globalization;
using System.Text;
using Microsoft.ML.Lora.Tokenization.Unicode;

namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>
/// GPT-2's way of cutting: contractions, words, numbers and other signs, each with one blank before it, and runs of
/// white space; then every byte of UTF-8 is written as a character of <see cref="ByteAlphabet"/>.
/// </summary>
/// <remarks>
/// The rule is the regular expression <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>,
/// done by hand: it is the hot path.
/// </remarks>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool usesRegex) : IPreTokenizer
{
    private enum Kind
    {
        Letter,
        Number,
        Space,
        Other,
    }

    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        if (addPrefixSpace)
        {
            AddPrefixSpaces(pieces);
        }

        if (usesRegex)
        {
            for (var piece = 0; piece < pieces.Count; piece++)
            {
                var text = pieces[piece];
                for (var start = 0; start < text.Length;)
                {
                    var end = EndOfToken(text, start);
                    pieces.Keep(piece, start, end - start);
                    start = end;
                }
            }

            pieces.EndCut();
        }

        for (var piece = 0; piece < pieces.Count; piece++)
        {
            WriteBytes(pieces, piece);
        }

        pieces.EndRewrite();
    }

    /// <summary>Where the token that begins at a place ends.</summary>
    internal static int EndOfToken(ReadOnlySpan<char> text, int start)
    {
        if (ContractionLength(text[start..]) is var contraction and > 0)
        {
            return start + contraction;
        }

        // A blank belongs to what follows it unless that is white space too.
        var body = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        var kind = KindAt(text, body, out _);
        if (kind != Kind.Space)
        {
            return EndOfRun(text, body, kind);
        }

        var end = EndOfRun(text, start, Kind.Space);
        return end == text.Length || end == start + 1 ? end : end - 1;
    }

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text[0] != '\'' || text.Length < 2)
        {
            return 0;
        }

        return text[1] switch
        {
            's' or 't' or 'm' or 'd' => 2,
            'r' or 'v' when text.Length > 2 && text[2] == 'e' => 3,
            'l' when text.Length > 2 && text[2] == 'l' => 3,
            _ => 0,
        };
    }

    private static int EndOfRun(ReadOnlySpan<char> text, int start, Kind kind)
    {
        var end = start;
        while (end < text.Length && KindAt(text, end, out var length) == kind)
        {
            end += length;
        }

        return end;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, int place, out int length)
    {
        var c = text[place];
        length = 1;
        if (c < 0x80)
        {
            return char.IsAsciiLetter(c) ? Kind.Letter
                : char.IsAsciiDigit(c) ? Kind.Number
                : c is ' ' or (>= '\t' and <= '\r') ? Kind.Space
                : Kind.Other;
        }

        _ = Rune.DecodeFromUtf16(text[place..], out var rune, out length);
        return UnicodeTables.IsWhiteSpace(rune.Value) ? Kind.Space
            : Rune.IsLetter(rune) ? Kind.Letter
            : Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
                or UnicodeCategory.OtherNumber ? Kind.Number
            : Kind.Other;
    }

    private static void AddPrefixSpaces(Pieces pieces)
    {
        for (var piece = 0; piece < pieces.Count; piece++)
        {
            var text = pieces[piece];
            pieces.BeginPiece();
            if (text[0] != ' ')
            {
                pieces.Write(' ', piece, 0);
            }

            for (var i = 0; i < text.Length; i++)
            {
                pieces.Write(text[i], piece, i);
            }

            pieces.EndPiece();
        }

        pieces.EndRewrite();
    }

    private static void WriteBytes(Pieces pieces, int piece)
    {
        var text = pieces[piece];
        Span<byte> bytes = stackalloc byte[4];
        pieces.BeginPiece();
        for (var i = 0; i < text.Length;)
        {
            if (text[i] < 0x80)
            {
                pieces.Write(ByteAlphabet.CharOf((byte)text[i]), piece, i);
                i++;
                continue;
            }

            _ = Rune.DecodeFromUtf16(text[i..], out var rune, out var length);
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                pieces.Write(ByteAlphabet.CharOf(value), piece, i);
            }

            i += length;
        }

        pieces.EndPiece();
    }
}
