#nullable enable

namespace Microsoft.ML.Tokenizers;

/// <summary>The choices of one encoding call.</summary>
public struct EncodeSettings
{
    /// <summary>No limit on the number of tokens, neither normalization nor pre-tokenization.</summary>
    public EncodeSettings()
    {
    }

    /// <summary>Whether the pre-tokenizer, if any, cuts the text first. Default: false.</summary>
    public bool ConsiderPreTokenization { get; set; }

    /// <summary>Whether the normalizer, if any, rewrites the text first. Default: false.</summary>
    public bool ConsiderNormalization { get; set; }

    /// <summary>The largest number of tokens to produce. Default: <see cref="int.MaxValue"/>.</summary>
    public int MaxTokenCount { get; set; } = int.MaxValue;
}
