using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lora.Tokenization.Normalizers;

/// <summary>
/// SentencePiece's precompiled normalizer: a table of texts and what they become, as a double-array trie over UTF-8.
/// </summary>
/// <remarks>
/// As in Hugging Face's library, a grapheme of fewer than 6 bytes is replaced as a whole by what its shortest known
/// beginning becomes; longer ones, and those with no known beginning, go character by character.
/// </remarks>
internal sealed class PrecompiledNormalizer : ITextNormalizer
{
    private const int LongGrapheme = 6;
    private const char FirstOfTwoBytes = '\u0080';

    private readonly uint[] _trie;
    private readonly byte[] _texts;
    private readonly string?[] _ascii = new string?[FirstOfTwoBytes];
    private readonly ConcurrentDictionary<int, string> _decoded = [];

    /// <summary>Takes the table as SentencePiece stores it: the trie's size, the trie, then the texts.</summary>
    /// <exception cref="InvalidDataException">It is too short for what it says.</exception>
    public PrecompiledNormalizer(ReadOnlySpan<byte> table, string file)
    {
        var size = table.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(table);
        if (size == 0 || size % 4 != 0 || size > table.Length - 4)
        {
            Throw.InvalidData_File(file, "the precompiled normalizer's table is damaged.");
        }

        _trie = new uint[size / 4];
        for (var i = 0; i < _trie.Length; i++)
        {
            _trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(table[(4 + (i * 4))..]);
        }

        _texts = table[(4 + (int)size)..].ToArray();
        for (var c = '\0'; c < FirstOfTwoBytes; c++)
        {
            _ascii[c] = Transform([c]);
        }
    }

    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        while (!text.IsEmpty)
        {
            // ASCII followed by ASCII is a grapheme by itself, carriage return with line feed apart.
            if (text[0] < FirstOfTwoBytes && (text.Length == 1 || text[1] < FirstOfTwoBytes) && text[0] != '\r')
            {
                AppendAscii(text[0], output);
                text = text[1..];
                continue;
            }

            var grapheme = text[..StringInfo.GetNextTextElementLength(text)];
            AppendGrapheme(grapheme, output);
            text = text[grapheme.Length..];
        }
    }

    private void AppendAscii(char c, CharBuffer output)
    {
        if (_ascii[c] is { } replacement)
        {
            output.Append(replacement);
        }
        else
        {
            output.Append(c);
        }
    }

    private void AppendGrapheme(ReadOnlySpan<char> grapheme, CharBuffer output)
    {
        if (Encoding.UTF8.GetByteCount(grapheme) < LongGrapheme && Transform(grapheme) is { } whole)
        {
            output.Append(whole);
            return;
        }

        while (!grapheme.IsEmpty)
        {
            _ = Rune.DecodeFromUtf16(grapheme, out _, out var length);
            if (Transform(grapheme[..length]) is { } replacement)
            {
                output.Append(replacement);
            }
            else
            {
                output.Append(grapheme[..length]);
            }

            grapheme = grapheme[length..];
        }
    }

    // The replacement of the shortest beginning of a text that the trie knows; null when it knows none.
    private string? Transform(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[LongGrapheme];
        bytes = bytes[..Encoding.UTF8.GetBytes(text, bytes)];
        var node = Offset(_trie[0]);
        foreach (var value in bytes)
        {
            node ^= value;
            if (value == 0 || node >= _trie.Length || (_trie[node] & 0x800000FF) != value)
            {
                return null;
            }

            var unit = _trie[node];
            node ^= Offset(unit);
            if (((unit >> 8) & 1) != 0)
            {
                return node < _trie.Length ? TextAt((int)(_trie[node] & 0x7FFFFFFF)) : null;
            }
        }

        return null;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);

    private string TextAt(int place) => _decoded.GetOrAdd(place, static (start, texts) =>
    {
        var rest = start < texts.Length ? texts.AsSpan(start) : [];
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }, _texts);
}
