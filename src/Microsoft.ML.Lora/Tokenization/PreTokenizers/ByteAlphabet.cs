namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>
/// The 256 characters that byte-level tokenizers write bytes as: printable Latin-1 characters stand for themselves,
/// the other bytes, in order, for the characters from U+0100 on.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] _chars = Build();
    private static readonly Dictionary<char, byte> _bytes =
        Enumerable.Range(0, 256).ToDictionary(value => _chars[value], value => (byte)value);

    /// <summary>The character of a byte.</summary>
    public static char CharOf(byte value) => _chars[value];

    /// <summary>The byte of a character; false when it stands for none.</summary>
    public static bool TryGetByte(char c, out byte value) => _bytes.TryGetValue(c, out value);

    private static char[] Build()
    {
        var chars = new char[256];
        var next = (char)0x100;
        for (var value = 0; value < chars.Length; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            chars[value] = printable ? (char)value : next++;
        }

        return chars;
    }
}
