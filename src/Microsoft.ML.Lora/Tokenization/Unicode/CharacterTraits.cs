namespace Microsoft.ML.Lora.Tokenization.Unicode;

/// <summary>What a tokenizer asks about a character.</summary>
[Flags]
internal enum CharacterTraits : byte
{
    None = 0,

    /// <summary>Removed when BERT cleans text: control, format and private-use characters.</summary>
    Dropped = 1,

    /// <summary>A token of its own to BERT.</summary>
    Punctuation = 2,

    /// <summary>A non-spacing mark: what is left of an accent once it is taken apart.</summary>
    NonSpacingMark = 4,

    /// <summary>Any mark that combines with the character before it.</summary>
    CombiningMark = 8,

    /// <summary>Unicode white space.</summary>
    WhiteSpace = 16,
}
