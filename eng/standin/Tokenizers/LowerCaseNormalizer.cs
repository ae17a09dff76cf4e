#nullable enable

using System.Globalization;

namespace Microsoft.ML.Tokenizers;

/// <summary>Writes every letter in lower case by the invariant culture's rules.</summary>
public sealed class LowerCaseNormalizer : Normalizer
{
    /// <summary>The shared instance.</summary>
    public static LowerCaseNormalizer Instance { get; } = new();

    /// <inheritdoc/>
    public override string Normalize(string original) => original.ToLowerInvariant();

    /// <inheritdoc/>
    public override string Normalize(ReadOnlySpan<char> original)
    {
        return string.Create(
            original.Length, original, static (to, from) => from.ToLower(to, CultureInfo.InvariantCulture));
    }
}
