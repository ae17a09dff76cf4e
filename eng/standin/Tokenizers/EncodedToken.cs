#nullable enable

namespace Microsoft.ML.Tokenizers;

/// <summary>One token of an encoded text: its id, its piece of text and where it lies in the normalized text.</summary>
public readonly struct EncodedToken : IEquatable<EncodedToken>
{
    /// <summary>Creates a token from its parts.</summary>
    /// <param name="id">The id in the vocabulary.</param>
    /// <param name="value">The token's text.</param>
    /// <param name="offset">The characters of the encoded text that the token stands for.</param>
    public EncodedToken(int id, string value, Range offset)
    {
        Id = id;
        Value = value;
        Offset = offset;
    }

    /// <summary>The id in the vocabulary.</summary>
    public int Id { get; }

    /// <summary>The token's text.</summary>
    public string Value { get; }

    /// <summary>The characters of the encoded text that the token stands for.</summary>
    public Range Offset { get; }

    /// <summary>True when id, text and place are all the same.</summary>
    public bool Equals(EncodedToken other) => Id == other.Id && Value == other.Value && Offset.Equals(other.Offset);
}
