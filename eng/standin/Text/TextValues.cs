using System.Globalization;

namespace Microsoft.ML.Data;

/// <summary>Reads values out of fields.</summary>
internal static class TextValues
{
    private const NumberStyles Real =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    private const DateTimeStyles Universal = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    private static readonly NumberFormatInfo _commaFormat = new() { NumberDecimalSeparator = "," };

    /// <summary>Whether a field says that its value is missing.</summary>
    public static bool IsMissing(ReadOnlySpan<char> text) =>
        text is "?" || text.Equals("NaN", StringComparison.OrdinalIgnoreCase)
        || text.Equals("NA", StringComparison.OrdinalIgnoreCase)
        || text.Equals("N/A", StringComparison.OrdinalIgnoreCase);

    public static bool TryParse(ReadOnlySpan<char> text, char decimalMarker, out float value)
    {
        // Rounded twice, by way of double precision.
        bool ok = TryParse(text, decimalMarker, out double wide);
        value = (float)wide;
        return ok;
    }

    public static bool TryParse(ReadOnlySpan<char> text, char decimalMarker, out double value)
    {
        if (text.Length > 0 && char.IsWhiteSpace(text[0]))
        {
            // Behind white space only a single digit is a number.
            text = text.TrimStart();
            value = text is [>= '0' and <= '9'] ? text[0] - '0' : text is "?" ? double.NaN : 0;
            return text is [] or [>= '0' and <= '9'] or "?";
        }

        return TrySpecial(ref text, out value)
            || (double.TryParse(text, Real, Format(decimalMarker), out value) && !IsWord(text));
    }

    public static bool TryParse(ReadOnlySpan<char> text, out sbyte value) =>
        sbyte.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && !HasPlus(text);

    public static bool TryParse(ReadOnlySpan<char> text, out short value) =>
        short.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && !HasPlus(text);

    public static bool TryParse(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && !HasPlus(text);

    public static bool TryParse(ReadOnlySpan<char> text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && !HasPlus(text);

    public static bool TryParse(ReadOnlySpan<char> text, out byte value) =>
        byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    public static bool TryParse(ReadOnlySpan<char> text, out ushort value) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    public static bool TryParse(ReadOnlySpan<char> text, out uint value) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    public static bool TryParse(ReadOnlySpan<char> text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    public static bool TryParse(ReadOnlySpan<char> text, out bool value)
    {
        Span<char> lower = stackalloc char[5];
        if (text.Length > lower.Length)
        {
            value = false;
            return false;
        }

        lower = lower[..text.ToLowerInvariant(lower)];
        value = lower is "1" or "+" or "+1" or "t" or "y" or "true" or "yes";
        return value || lower is "0" or "-" or "-1" or "f" or "n" or "false" or "no";
    }

    public static bool TryParse(ReadOnlySpan<char> text, out DateTime value) =>
        DateTime.TryParse(text, CultureInfo.InvariantCulture, Universal, out value);

    public static bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset value) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out value);

    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan value) =>
        TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);

    /// <summary>Reads a key, which counts from 0 in the text and from 1 in the view.</summary>
    /// <param name="text">The field.</param>
    /// <param name="count">The number of keys.</param>
    /// <param name="value">The key; 0 when missing or unreadable.</param>
    /// <returns>False when the text is neither a key nor says that it is missing.</returns>
    public static bool TryParseKey(ReadOnlySpan<char> text, ulong count, out ulong value)
    {
        if (TryParse(text, out value) && value < count)
        {
            value++;
            return true;
        }

        value = 0;
        return IsMissing(text);
    }

    private static bool HasPlus(ReadOnlySpan<char> text) => text[0] == '+';

    // "Infinity", "NaN" and their like in any case are words to the framework; here only the ones below are.
    private static bool IsWord(ReadOnlySpan<char> text) => !char.IsAsciiDigit(text[^1]) && text[^1] is not ('.' or ',');

    private static NumberFormatInfo Format(char decimalMarker) =>
        decimalMarker == ',' ? _commaFormat : NumberFormatInfo.InvariantInfo;

    private static bool TrySpecial(ref ReadOnlySpan<char> text, out double value)
    {
        text = text.TrimEnd();
        value = text switch
        {
            "" => 0,
            "Infinity" or "∞" => double.PositiveInfinity,
            "-Infinity" or "-∞" => double.NegativeInfinity,
            _ => double.NaN,
        };
        return !double.IsNaN(value) || IsMissing(text);
    }
}
