namespace Microsoft.ML.Lora.Tokenization;

/// <summary>The working memory of one encoding at a time, lent to a thread and reused.</summary>
internal sealed class EncodingScratch
{
    /// <summary>Gets the pieces of the part of the text at work.</summary>
    public Pieces Pieces { get; } = new();

    /// <summary>Gets the tokens found.</summary>
    public TokenList Tokens { get; } = new();

    /// <summary>Gets the tokens of the second text of a pair.</summary>
    public TokenList PairTokens { get; } = new();

    /// <summary>Gets room for the ids of the whole input, special tokens included.</summary>
    public TypedTokens Encoded { get; } = new();

    /// <summary>Gets or sets whether the text is cut into pieces.</summary>
    public bool Cuts { get; set; }

    /// <summary>Gets room for a normalized part of the text.</summary>
    public CharBuffer Normalized { get; } = new();

    /// <summary>Gets the whole normalized text, when it is asked for.</summary>
    public CharBuffer WholeText { get; } = new();
}
