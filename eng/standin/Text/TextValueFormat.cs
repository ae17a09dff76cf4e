using System.Globalization;

namespace Microsoft.ML.Data;

/// <summary>How text is quoted.</summary>
internal static class TextValueFormat
{
    /// <summary>The text as a field: in quotes when it is empty or could be taken for something else.</summary>
    public static string Quote(string text, char separator)
    {
        bool plain = text.Length > 0 && text[0] != ' ' && !text.Contains(separator)
            && !text.AsSpan().ContainsAny("\":\r\n");
        return plain ? text : $"\"{text.Replace("\"", "\"\"")}\"";
    }
}

/// <summary>How values of one type are written.</summary>
internal sealed class TextValueFormat<T>
{
    private readonly bool _isKey;
    private readonly char _separator;

    public TextValueFormat(bool isKey, char separator)
    {
        _isKey = isKey;
        _separator = separator;
    }

    /// <summary>Whether a loader gives the value back where it finds nothing.</summary>
    public bool IsDefault(T value) => value switch
    {
        double => false,
        ReadOnlyMemory<char> text => text.IsEmpty,
        _ => EqualityComparer<T>.Default.Equals(value, default),
    };

    public string Format(T value)
    {
        if (_isKey)
        {
            ulong key = Convert.ToUInt64(value, CultureInfo.InvariantCulture);
            return key == 0 ? "" : (key - 1).ToString(CultureInfo.InvariantCulture);
        }

        return value switch
        {
            ReadOnlyMemory<char> text => TextValueFormat.Quote(text.ToString(), _separator),
            float number => float.IsNaN(number) ? "?" : number.ToString("R", CultureInfo.InvariantCulture),
            double number => double.IsNaN(number) ? "?" : number.ToString("G17", CultureInfo.InvariantCulture),
            bool flag => flag ? "1" : "0",
            TimeSpan time => $"\"{time.ToString("c", CultureInfo.InvariantCulture)}\"",
            DateTime time => $"\"{time.ToString("o", CultureInfo.InvariantCulture)}\"",
            DateTimeOffset time => $"\"{time.ToString("o", CultureInfo.InvariantCulture)}\"",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture),
        };
    }
}
