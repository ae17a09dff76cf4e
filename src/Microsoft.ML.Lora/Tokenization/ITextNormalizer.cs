namespace Microsoft.ML.Lora.Tokenization;

/// <summary>Rewrites a text before it is cut into pieces; usable from several threads at once.</summary>
internal interface ITextNormalizer
{
    /// <summary>Appends the rewritten text.</summary>
    /// <param name="text">Valid UTF-16.</param>
    /// <param name="output">Where the result is appended.</param>
    void Normalize(ReadOnlySpan<char> text, CharBuffer output);
}
