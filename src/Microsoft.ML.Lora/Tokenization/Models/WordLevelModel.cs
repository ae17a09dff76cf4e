namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>Every piece is a token, or the unknown one.</summary>
internal sealed class WordLevelModel(Vocabulary vocabulary, string unknownToken) : ITokenModel
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids =
        vocabulary.Tokens.ToDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly int _unknown = vocabulary.Require(unknownToken);

    /// <inheritdoc/>
    public int Size => vocabulary.Size;

    /// <inheritdoc/>
    public int? IdOf(string token) => vocabulary.IdOf(token);

    /// <inheritdoc/>
    public string? TokenOf(int id) => vocabulary.TokenOf(id);

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> piece, TokenList tokens) =>
        tokens.Add(_ids.TryGetValue(piece, out var id) ? id : _unknown, 0, piece.Length);
}
