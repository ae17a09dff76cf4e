namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>What becomes of the delimiters that a text is cut at; names as in tokenizer.json.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Cuts a piece at delimiters in one of five ways.</summary>
internal static class Splitting
{
    /// <summary>Keeps the parts of a piece.</summary>
    /// <param name="pieces">The pieces.</param>
    /// <param name="piece">Which one is cut.</param>
    /// <param name="parts">All of the piece in order: each part's end, and whether it is a delimiter.</param>
    /// <param name="behavior">What becomes of delimiters.</param>
    public static void Cut(Pieces pieces, int piece, List<(int End, bool IsDelimiter)> parts, SplitBehavior behavior)
    {
        var start = 0;
        for (var i = 0; i < parts.Count; i++)
        {
            var (end, isDelimiter) = parts[i];
            if (i + 1 < parts.Count && Joins(parts, i, behavior))
            {
                continue;
            }

            if (behavior != SplitBehavior.Removed || !isDelimiter)
            {
                pieces.Keep(piece, start, end - start);
            }

            start = end;
        }
    }

    // Whether a part and the next one stay together. Of several delimiters in a row only the one beside the text does.
    private static bool Joins(List<(int End, bool IsDelimiter)> parts, int i, SplitBehavior behavior)
    {
        var (left, right) = (parts[i].IsDelimiter, parts[i + 1].IsDelimiter);
        return behavior switch
        {
            SplitBehavior.MergedWithPrevious => !left && right,
            SplitBehavior.MergedWithNext => left && !right,
            SplitBehavior.Contiguous => left == right,
            _ => false,
        };
    }
}
