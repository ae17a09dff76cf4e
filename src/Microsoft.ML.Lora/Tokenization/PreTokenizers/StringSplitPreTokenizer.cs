namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>Cuts at every occurrence of a text.</summary>
internal sealed class StringSplitPreTokenizer(string delimiter, SplitBehavior behavior, bool inverted) : IPreTokenizer
{
    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        var parts = new List<(int End, bool IsDelimiter)>();
        for (var piece = 0; piece < pieces.Count; piece++)
        {
            parts.Clear();
            var text = pieces[piece];
            for (var start = 0; start < text.Length;)
            {
                var ahead = text[start..].IndexOf(delimiter, StringComparison.Ordinal);
                var found = ahead < 0 ? text.Length : start + ahead;
                if (found > start)
                {
                    parts.Add((found, inverted));
                }

                start = Math.Min(text.Length, found + delimiter.Length);
                if (ahead >= 0)
                {
                    parts.Add((start, !inverted));
                }
            }

            Splitting.Cut(pieces, piece, parts, behavior);
        }

        pieces.EndCut();
    }
}
