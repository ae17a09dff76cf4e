using System.Text;
using Microsoft.ML.Lora.Tokenization.PreTokenizers;
using Microsoft.ML.Lora.Tokenization.Unicode;

namespace Microsoft.ML.Lora.Tokenization.Normalizers;

/// <summary>One of the four Unicode normalization forms.</summary>
internal sealed class UnicodeFormNormalizer(bool compatible, bool composes) : ITextNormalizer
{
    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output) =>
        NormalizationForms.Append(text, compatible, composes, output);
}

/// <summary>Lower case, character by character.</summary>
internal sealed class LowercaseNormalizer : ITextNormalizer
{
    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (UnicodeTables.Lower(rune.Value) is { } lower)
            {
                output.Append(lower);
            }
            else
            {
                output.AppendCodePoint(rune.Value);
            }
        }
    }
}

/// <summary>White space at the beginning and the end goes.</summary>
internal sealed class StripNormalizer(bool left, bool right) : ITextNormalizer
{
    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        var start = 0;
        var end = text.Length;
        while (left && start < end && UnicodeTables.IsWhiteSpace(text[start]))
        {
            start++;
        }

        while (right && end > start && UnicodeTables.IsWhiteSpace(text[end - 1]))
        {
            end--;
        }

        output.Append(text[start..end]);
    }
}

/// <summary>A text put before any other.</summary>
internal sealed class PrependNormalizer(string prefix) : ITextNormalizer
{
    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        if (!text.IsEmpty)
        {
            output.Append(prefix);
        }

        output.Append(text);
    }
}

/// <summary>Every occurrence of a text replaced by another.</summary>
internal sealed class ReplaceNormalizer(string pattern, string content) : ITextNormalizer
{
    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        while (text.IndexOf(pattern, StringComparison.Ordinal) is var place and >= 0)
        {
            output.Append(text[..place]);
            output.Append(content);
            text = text[(place + pattern.Length)..];
        }

        output.Append(text);
    }
}

/// <summary>Every maximal run of certain characters, of a least length, replaced by a text.</summary>
internal sealed class ReplaceRunsNormalizer(Func<char, bool> isInRun, Func<char, bool> replacedAlone, string content)
    : ITextNormalizer
{
    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        for (var i = 0; i < text.Length;)
        {
            var end = i;
            while (end < text.Length && isInRun(text[end]))
            {
                end++;
            }

            if (end - i > 1 || (end - i == 1 && replacedAlone(text[i])))
            {
                output.Append(content);
                i = end;
            }
            else
            {
                output.Append(text[i]);
                i++;
            }
        }
    }
}

/// <summary>Characters of a kind left out, others made a blank.</summary>
internal sealed class FilterNormalizer(Func<int, bool> isDropped, Func<int, bool> isBlank) : ITextNormalizer
{
    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!isDropped(rune.Value))
            {
                output.AppendCodePoint(isBlank(rune.Value) ? ' ' : rune.Value);
            }
        }
    }
}

/// <summary>The bytes of UTF-8 written as the characters of <see cref="ByteAlphabet"/>.</summary>
internal sealed class ByteLevelNormalizer : ITextNormalizer
{
    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        foreach (var value in Encoding.UTF8.GetBytes(text.ToString()))
        {
            output.Append(ByteAlphabet.CharOf(value));
        }
    }
}
