using System.Text;

namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>Cuts at every character of a kind: white space, punctuation, digits, a given one.</summary>
internal sealed class CharacterSplitPreTokenizer(Func<Rune, bool> isDelimiter, SplitBehavior behavior) : IPreTokenizer
{
    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        if (behavior is SplitBehavior.Removed or SplitBehavior.Isolated)
        {
            ApplySimply(pieces);
            return;
        }

        var parts = new List<(int End, bool IsDelimiter)>();
        for (var piece = 0; piece < pieces.Count; piece++)
        {
            parts.Clear();
            var end = 0;
            var open = false;
            foreach (var rune in pieces[piece].EnumerateRunes())
            {
                end += rune.Utf16SequenceLength;
                var delimits = isDelimiter(rune);
                if (!delimits && open)
                {
                    parts[^1] = (end, false);
                }
                else
                {
                    parts.Add((end, delimits));
                }

                open = !delimits;
            }

            Splitting.Cut(pieces, piece, parts, behavior);
        }

        pieces.EndCut();
    }

    private void ApplySimply(Pieces pieces)
    {
        for (var piece = 0; piece < pieces.Count; piece++)
        {
            var start = 0;
            var place = 0;
            foreach (var rune in pieces[piece].EnumerateRunes())
            {
                var length = rune.Utf16SequenceLength;
                if (isDelimiter(rune))
                {
                    pieces.Keep(piece, start, place - start);
                    pieces.Keep(piece, place, behavior == SplitBehavior.Isolated ? length : 0);
                    start = place + length;
                }

                place += length;
            }

            pieces.Keep(piece, start, place - start);
        }

        pieces.EndCut();
    }
}
