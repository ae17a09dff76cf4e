using System.IO.Compression;
using System.Reflection;

namespace Microsoft.ML.Lora.Tokenization.Unicode;

/// <summary>
/// Character properties and mappings, the same on every machine and whether or not ICU is there. They are those of
/// Hugging Face's tokenizers library (a mixture of Unicode versions), made by eng/unicode/make-tables.js.
/// </summary>
internal static class UnicodeTables
{
    private const string Resource = "Tokenization.Unicode.tables.bin";
    private const int PageCount = 0x110000 >> 8;

    private static readonly byte[] _emptyPage = new byte[256];
    private static readonly byte[][] _traits = NewPages();
    private static readonly byte[][] _classes = NewPages();
    private static readonly Dictionary<int, string> _lower = [];
    private static readonly Dictionary<int, string> _canonical = [];
    private static readonly Dictionary<int, string> _compatible = [];
    private static readonly Dictionary<(int First, int Second), int> _composed = [];

    static UnicodeTables()
    {
        var data = ReadResource();
        var position = 0;
        foreach (var trait in (ReadOnlySpan<CharacterTraits>)[
            CharacterTraits.Dropped, CharacterTraits.Punctuation, CharacterTraits.NonSpacingMark, CharacterTraits.CombiningMark])
        {
            ReadRanges(data, ref position, trait);
        }

        ReadMappings(data, ref position, (from, to) => _lower.Add(from, Text(to)));
        ReadMappings(data, ref position, (from, to) => _canonical.Add(from, Text(to)));
        ReadMappings(data, ref position, (from, to) => _compatible.Add(from, Text(to)));
        ReadMappings(data, ref position, (from, to) => _composed.Add((to[0], to[1]), from));
        ReadMappings(data, ref position, (from, to) => OwnPage(_classes, from)[from & 0xFF] = (byte)to[0]);
        foreach (var c in "\t\n\v\f\r \u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000")
        {
            OwnPage(_traits, c)[c & 0xFF] |= (byte)CharacterTraits.WhiteSpace;
        }

        for (var c = 0x2000; c <= 0x200A; c++)
        {
            OwnPage(_traits, c)[c & 0xFF] |= (byte)CharacterTraits.WhiteSpace;
        }
    }

    /// <summary>The traits of a code point.</summary>
    public static CharacterTraits Traits(int codePoint) => (CharacterTraits)_traits[codePoint >> 8][codePoint & 0xFF];

    /// <summary>Whether a code point is white space.</summary>
    public static bool IsWhiteSpace(int codePoint) => (Traits(codePoint) & CharacterTraits.WhiteSpace) != 0;

    /// <summary>
    /// The rank of a code point's canonical combining class among all classes; 0 for what starts a new sequence.
    /// </summary>
    public static int CombiningOrder(int codePoint) => _classes[codePoint >> 8][codePoint & 0xFF];

    /// <summary>The lower-case form where it differs; null else.</summary>
    public static string? Lower(int codePoint) => _lower.GetValueOrDefault(codePoint);

    /// <summary>The full decomposition where there is one; null else. Hangul syllables are not in here.</summary>
    public static string? Decomposition(int codePoint, bool compatible) =>
        (compatible ? _compatible.GetValueOrDefault(codePoint) : null) ?? _canonical.GetValueOrDefault(codePoint);

    /// <summary>The one character that stands for two; -1 when there is none. Hangul is not in here.</summary>
    public static int Compose(int first, int second) => _composed.GetValueOrDefault((first, second), -1);

    private static byte[][] NewPages()
    {
        var pages = new byte[PageCount][];
        Array.Fill(pages, _emptyPage);
        return pages;
    }

    // All pages begin as one shared page of zeros; it is replaced where something is to be written.
    private static byte[] OwnPage(byte[][] pages, int codePoint)
    {
        ref var page = ref pages[codePoint >> 8];
        if (ReferenceEquals(page, _emptyPage))
        {
            page = new byte[256];
        }

        return page;
    }

    private static byte[] ReadResource()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)!;
        using var inflated = new DeflateStream(stream, CompressionMode.Decompress);
        using var memory = new MemoryStream();
        inflated.CopyTo(memory);
        return memory.ToArray();
    }

    private static int ReadNumber(byte[] data, ref int position)
    {
        var value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = data[position++];
            value |= (part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    private static void ReadRanges(byte[] data, ref int position, CharacterTraits trait)
    {
        var codePoint = 0;
        for (var count = ReadNumber(data, ref position); count > 0; count--)
        {
            codePoint += ReadNumber(data, ref position);
            for (var length = ReadNumber(data, ref position); length > 0; length--, codePoint++)
            {
                OwnPage(_traits, codePoint)[codePoint & 0xFF] |= (byte)trait;
            }
        }
    }

    private static void ReadMappings(byte[] data, ref int position, Action<int, int[]> add)
    {
        var codePoint = 0;
        for (var count = ReadNumber(data, ref position); count > 0; count--)
        {
            codePoint += ReadNumber(data, ref position);
            var target = new int[ReadNumber(data, ref position)];
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = ReadNumber(data, ref position);
            }

            add(codePoint, target);
        }
    }

    private static string Text(int[] codePoints) => string.Concat(codePoints.Select(char.ConvertFromUtf32));
}
