#nullable enable

using System.Globalization;

namespace Microsoft.ML.Tokenizers;

/// <summary>Writes every letter in upper case by the invariant culture's rules.</summary>
public sealed class UpperCaseNormalizer : Normalizer
{
    /// <summary>The shared instance.</summary>
    public static UpperCaseNormalizer Instance { get; } = new();

    /// <inheritdoc/>
    public override string Normalize(string original) => original.ToUpperInvariant();

    /// <inheritdoc/>
    public override string Normalize(ReadOnlySpan<char> original)
    {
        return string.Create(
            original.Length, original, static (to, from) => from.ToUpper(to, CultureInfo.InvariantCulture));
    }
}
