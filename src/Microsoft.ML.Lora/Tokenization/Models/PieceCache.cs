namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>
/// The tokens of recent pieces, for the thread that holds it: words recur, long runs of characters do not.
/// </summary>
internal sealed class PieceCache
{
    private const int Capacity = 1 << 14;
    private const int LongestPiece = 64;

    private readonly Dictionary<string, (int Id, int Length)[]> _pieces = new(StringComparer.Ordinal);

    /// <summary>Appends a piece's tokens if they are known.</summary>
    public bool TryAdd(ReadOnlySpan<char> piece, TokenList tokens)
    {
        if (piece.Length > LongestPiece
            || !_pieces.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(piece, out var known))
        {
            return false;
        }

        Add(known, tokens);
        return true;
    }

    /// <summary>Appends a piece's tokens, each with the number of characters it stands for, and keeps them.</summary>
    public void AddAndKeep(ReadOnlySpan<char> piece, (int Id, int Length)[] found, TokenList tokens)
    {
        if (piece.Length <= LongestPiece)
        {
            if (_pieces.Count >= Capacity)
            {
                _pieces.Clear();
            }

            _pieces.GetAlternateLookup<ReadOnlySpan<char>>()[piece] = found;
        }

        Add(found, tokens);
    }

    private static void Add((int Id, int Length)[] found, TokenList tokens)
    {
        var start = 0;
        foreach (var (id, length) in found)
        {
            tokens.Add(id, start, start + length);
            start += length;
        }
    }
}
