using System.Globalization;
using System.Text;
using Microsoft.ML.Lora.Tokenization.Unicode;

namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>Cuts into words and runs of other signs, <c>\w+|[^\w\s]+</c>; white space vanishes.</summary>
internal sealed class WordPreTokenizer : IPreTokenizer
{
    private enum Kind
    {
        Space,
        Word,
        Other,
    }

    /// <summary>Whether a character is one of words, as regular expressions over Unicode have it.</summary>
    public static bool IsWordCharacter(Rune rune) => Rune.IsLetter(rune)
        || rune.Value is 0x200C or 0x200D
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.ConnectorPunctuation;

    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        for (var piece = 0; piece < pieces.Count; piece++)
        {
            var start = 0;
            var place = 0;
            var kind = Kind.Space;
            foreach (var rune in pieces[piece].EnumerateRunes())
            {
                var found = UnicodeTables.IsWhiteSpace(rune.Value) ? Kind.Space
                    : IsWordCharacter(rune) ? Kind.Word
                    : Kind.Other;
                if (found != kind)
                {
                    pieces.Keep(piece, start, kind == Kind.Space ? 0 : place - start);
                    start = place;
                    kind = found;
                }

                place += rune.Utf16SequenceLength;
            }

            pieces.Keep(piece, start, kind == Kind.Space ? 0 : place - start);
        }

        pieces.EndCut();
    }
}
