using System.Text;

namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>Cuts at every character of a kind: white space, punctuation, digits, a given one.</summary>
internal sealed class CharacterSplitPreTokenizer(Func<Rune, bool> isDelimiter, SplitBehavior behavior) : IPreTokenizer
{
    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
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
}
