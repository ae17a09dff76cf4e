namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>
/// WordPiece: a word is the longest token it begins with, then the longest continuing token, and so on; a word that
/// cannot be covered like that is the unknown token as a whole.
/// </summary>
internal sealed class WordPieceModel : ITokenModel
{
    private readonly Vocabulary _vocabulary;
    private readonly TokenTrie _trie = new();
    private readonly int _continuing;
    private readonly int _unknown;
    private readonly int _maxCharsPerWord;

    /// <summary>Takes the vocabulary and the settings of a <c>WordPiece</c> model.</summary>
    /// <exception cref="InvalidDataException">The vocabulary lacks the unknown token.</exception>
    public WordPieceModel(Vocabulary vocabulary, string unknownToken, string continuingPrefix, int maxCharsPerWord)
    {
        _vocabulary = vocabulary;
        _unknown = vocabulary.Require(unknownToken);
        _maxCharsPerWord = maxCharsPerWord;
        foreach (var (token, id) in vocabulary.Tokens)
        {
            _trie.Add(token, id);
        }

        _continuing = _trie.Walk(continuingPrefix);
    }

    /// <inheritdoc/>
    public int Size => _vocabulary.Size;

    /// <inheritdoc/>
    public int? IdOf(string token) => _vocabulary.IdOf(token);

    /// <inheritdoc/>
    public string? TokenOf(int id) => _vocabulary.TokenOf(id);

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> piece, TokenList tokens)
    {
        var before = tokens.Count;
        if (piece.Length > _maxCharsPerWord && CountCodePoints(piece) > _maxCharsPerWord)
        {
            tokens.Add(_unknown, 0, piece.Length);
            return;
        }

        for (var start = 0; start < piece.Length;)
        {
            var end = LongestFrom(piece, start, out var id);
            if (end < 0)
            {
                tokens.CutTo(before);
                tokens.Add(_unknown, 0, piece.Length);
                return;
            }

            tokens.Add(id, start, end);
            start = end;
        }
    }

    private static int CountCodePoints(ReadOnlySpan<char> piece)
    {
        var count = 0;
        foreach (var c in piece)
        {
            count += char.IsLowSurrogate(c) ? 0 : 1;
        }

        return count;
    }

    private int LongestFrom(ReadOnlySpan<char> piece, int start, out int id)
    {
        id = TokenTrie.None;
        var end = -1;
        var node = start == 0 ? TokenTrie.Root : _continuing;
        for (var i = start; i < piece.Length && node != TokenTrie.None; i++)
        {
            node = _trie.Step(node, piece[i]);
            if (node != TokenTrie.None && _trie.TokenAt(node) is var found and not TokenTrie.None)
            {
                id = found;
                end = i + 1;
            }
        }

        return end;
    }
}
