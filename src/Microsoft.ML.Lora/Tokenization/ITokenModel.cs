namespace Microsoft.ML.Lora.Tokenization;

/// <summary>The vocabulary and the rule that turns one piece of text into tokens; usable from several threads at once.</summary>
internal interface ITokenModel
{
    /// <summary>Gets the number of ids, the largest id plus one.</summary>
    int Size { get; }

    /// <summary>Appends the tokens of a piece.</summary>
    void Tokenize(ReadOnlySpan<char> piece, TokenList tokens);

    /// <summary>The id of a token; null when the vocabulary lacks it.</summary>
    int? IdOf(string token);

    /// <summary>The token of an id; null when there is none.</summary>
    string? TokenOf(int id);
}
