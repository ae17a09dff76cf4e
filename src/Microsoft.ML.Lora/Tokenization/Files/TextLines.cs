using System.Text;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>Text files of one entry a line.</summary>
internal static class TextLines
{
    private static readonly UTF8Encoding _strictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The lines of a file, ended by LF or CR LF; what follows the last line's end is no line when empty.</summary>
    /// <exception cref="InvalidDataException">The file is not valid UTF-8.</exception>
    public static List<string> Read(byte[] bytes, string file)
    {
        string text;
        try
        {
            text = _strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidDataException($"'{file}': the file is not valid UTF-8: {error.Message}", error);
        }

        var lines = new List<string>();
        foreach (var range in text.AsSpan().Split('\n'))
        {
            lines.Add(text.AsSpan()[range].TrimEnd('\r').ToString());
        }

        if (lines[^1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return lines;
    }
}
