using System.Globalization;
using System.Text;
using Microsoft.ML.Lora.Tokenization.PreTokenizers;

namespace Microsoft.ML.Lora.Tokenization.Decoders;

/// <summary>Characters of <see cref="ByteAlphabet"/> read as the bytes of UTF-8 they stand for.</summary>
internal sealed class ByteLevelDecoder : ITokenDecoder
{
    /// <inheritdoc/>
    public List<string> Decode(List<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            // A token with any other character, such as an added one, stands for itself.
            if (token.All(c => ByteAlphabet.TryGetByte(c, out _)))
            {
                foreach (var c in token)
                {
                    ByteAlphabet.TryGetByte(c, out var value);
                    bytes.Add(value);
                }
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(token));
            }
        }

        return [Encoding.UTF8.GetString(bytes.ToArray())];
    }
}

/// <summary>Marks read as blanks; the one that was put before the text goes.</summary>
internal sealed class MetaspaceDecoder(char mark, bool prepended) : ITokenDecoder
{
    /// <inheritdoc/>
    public List<string> Decode(List<string> tokens) =>
    [
        .. tokens.Select((token, index) =>
            (index == 0 && prepended && token.StartsWith(mark) ? token[1..] : token).Replace(mark, ' ')),
    ];
}

/// <summary>The suffix that ends a word read as a blank.</summary>
internal sealed class SuffixDecoder(string suffix) : ITokenDecoder
{
    /// <inheritdoc/>
    public List<string> Decode(List<string> tokens) =>
        [.. tokens.Select((token, index) => token.Replace(suffix, index == tokens.Count - 1 ? "" : " ", StringComparison.Ordinal))];
}

/// <summary>A text replaced by another in every token.</summary>
internal sealed class ReplaceDecoder(string pattern, string content) : ITokenDecoder
{
    /// <inheritdoc/>
    public List<string> Decode(List<string> tokens) =>
        [.. tokens.Select(token => token.Replace(pattern, content, StringComparison.Ordinal))];
}

/// <summary>All tokens joined to one.</summary>
internal sealed class FuseDecoder : ITokenDecoder
{
    /// <inheritdoc/>
    public List<string> Decode(List<string> tokens) => [string.Concat(tokens)];
}

/// <summary>A character taken away at each token's beginning and end, up to a number of times.</summary>
internal sealed class StripDecoder(char content, int start, int stop) : ITokenDecoder
{
    /// <inheritdoc/>
    public List<string> Decode(List<string> tokens) => [.. tokens.Select(Strip)];

    private string Strip(string token)
    {
        var (first, end) = (0, token.Length);
        while (first < Math.Min(start, end) && token[first] == content)
        {
            first++;
        }

        while (end > first && token.Length - end < stop && token[end - 1] == content)
        {
            end--;
        }

        return token[first..end];
    }
}

/// <summary>Tokens such as <c>&lt;0xE2&gt;</c> read as the bytes they name.</summary>
internal sealed class ByteFallbackDecoder : ITokenDecoder
{
    /// <inheritdoc/>
    public List<string> Decode(List<string> tokens)
    {
        var parts = new List<string>();
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            if (token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
                && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes.Add(value);
                continue;
            }

            Flush(bytes, parts);
            parts.Add(token);
        }

        Flush(bytes, parts);
        return parts;
    }

    // Bytes that are no UTF-8 give one replacement character each.
    private static void Flush(List<byte> bytes, List<string> parts)
    {
        if (bytes.Count > 0)
        {
            var run = bytes.ToArray();
            parts.Add(System.Text.Unicode.Utf8.IsValid(run) ? Encoding.UTF8.GetString(run) : new string('\uFFFD', run.Length));
            bytes.Clear();
        }
    }
}

/// <summary>Several decoders, one after the other.</summary>
internal sealed class SequenceDecoder(IReadOnlyList<ITokenDecoder> decoders) : ITokenDecoder
{
    /// <inheritdoc/>
    public List<string> Decode(List<string> tokens) =>
        decoders.Aggregate(tokens, (parts, decoder) => decoder.Decode(parts));
}
