#nullable enable

namespace Microsoft.ML.Tokenizers;

/// <summary>
/// What an encoding step hands back: the tokens (or ids), the text they index and how much of it was used.
/// </summary>
/// <typeparam name="T"><see cref="EncodedToken"/> or <see cref="int"/>.</typeparam>
public struct EncodeResults<T>
{
    /// <summary>The tokens in text order.</summary>
    public IReadOnlyList<T> Tokens { get; set; }

    /// <summary>The text after normalization, or null when the text was taken as it is.</summary>
    public string? NormalizedText { get; set; }

    /// <summary>How many characters of the (normalized) text the tokens cover, from its beginning.</summary>
    public int CharsConsumed { get; set; }
}
