using System.Globalization;

namespace Microsoft.ML.Data;

/// <summary>Reads the options that the text saver writes as comments at the top of a file.</summary>
internal static class EmbeddedTextOptions
{
    private const string Mark = "#@";
    private const string Opening = "TextLoader{";

    private static readonly Dictionary<string, DataKind> _kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["I1"] = DataKind.SByte,
        ["U1"] = DataKind.Byte,
        ["I2"] = DataKind.Int16,
        ["U2"] = DataKind.UInt16,
        ["I4"] = DataKind.Int32,
        ["U4"] = DataKind.UInt32,
        ["I8"] = DataKind.Int64,
        ["U8"] = DataKind.UInt64,
        ["R4"] = DataKind.Single,
        ["Num"] = DataKind.Single,
        ["R8"] = DataKind.Double,
        ["TX"] = DataKind.String,
        ["Text"] = DataKind.String,
        ["BL"] = DataKind.Boolean,
        ["TS"] = DataKind.TimeSpan,
        ["DT"] = DataKind.DateTime,
        ["DZ"] = DataKind.DateTimeOffset,
    };

    /// <summary>The names of separators that have one.</summary>
    public static Dictionary<string, char> SeparatorNames { get; } = new()
    {
        ["tab"] = '\t',
        ["space"] = ' ',
        ["comma"] = ',',
        ["colon"] = ':',
        ["semicolon"] = ';',
        ["bar"] = '|',
    };

    /// <summary>The short name of a kind of items.</summary>
    public static string KindName(DataKind kind) => _kinds.First(pair => pair.Value == kind).Key;

    /// <summary>
    /// The options at the top of the first file; null when there are none, or when those given say themselves how
    /// to parse.
    /// </summary>
    public static TextLoader.Options Find(IMultiStreamSource source, TextLoader.Options given)
    {
        if (source is not { Count: > 0 } || SaysHowToParse(given))
        {
            return null;
        }

        using TextReader reader = source.OpenTextReader(0);
        var text = new List<string>();
        while (reader.ReadLine() is string line
            && (line.Length == 0 || line.StartsWith(Mark, StringComparison.Ordinal)))
        {
            text.Add(line.Length == 0 ? "" : line[Mark.Length..]);
        }

        string all = string.Join('\n', text).Trim();
        return all.StartsWith(Opening, StringComparison.Ordinal) && all.EndsWith('}')
            ? Parse(all[Opening.Length..^1], given)
            : null;
    }

    // Separators alone are overruled.
    private static bool SaysHowToParse(TextLoader.Options options)
    {
        var usual = new TextLoader.Options();
        return options.AllowQuoting != usual.AllowQuoting || options.AllowSparse != usual.AllowSparse
            || options.InputSize != usual.InputSize || options.DecimalMarker != usual.DecimalMarker
            || options.TrimWhitespace != usual.TrimWhitespace || options.HasHeader != usual.HasHeader
            || options.ReadMultilines != usual.ReadMultilines || options.HeaderFile != usual.HeaderFile
            || options.EscapeChar != usual.EscapeChar || options.MissingRealsAsNaNs != usual.MissingRealsAsNaNs;
    }

    private static TextLoader.Options Parse(string text, TextLoader.Options given)
    {
        var options = new TextLoader.Options
        {
            UseThreads = given.UseThreads,
            MaxRows = given.MaxRows,
        };
        var columns = new List<TextLoader.Column>();
        foreach (string item in text.Split([' ', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = item.IndexOf('=');
            string name = equals < 0 ? item.TrimEnd('+', '-') : item[..equals];
            string value = equals < 0 ? item[name.Length..] : item[(equals + 1)..];
            if (name is "col" or "column")
            {
                columns.Add(ParseColumn(value));
            }
            else if (!Set(options, name, value))
            {
                return null;
            }
        }

        options.Columns = [.. columns];
        return columns.Contains(null) ? null : options;
    }

    private static bool Set(TextLoader.Options options, string name, string value)
    {
        bool on = value is "" or "+" or "true";
        switch (name)
        {
            case "header": options.HasHeader = on; return true;
            case "quote": options.AllowQuoting = on; return true;
            case "sparse": options.AllowSparse = on; return true;
            case "trim": options.TrimWhitespace = on; return true;
            case "multilines": options.ReadMultilines = on; return true;
            case "missingrealnan": options.MissingRealsAsNaNs = on; return true;
            case "threads": options.UseThreads = on; return true;
            case "decimal": options.DecimalMarker = value.FirstOrDefault(); return value.Length == 1;
            case "escapechar": options.EscapeChar = value.FirstOrDefault(); return value.Length == 1;
            case "sep":
            case "separator":
                options.Separators = [.. value.Split(',').Select(Separator)];
                return options.Separators.Length > 0;
            case "size":
                options.InputSize = int.TryParse(value, CultureInfo.InvariantCulture, out int size) ? size : -1;
                return options.InputSize >= 0;
            case "rows":
                options.MaxRows = long.TryParse(value, CultureInfo.InvariantCulture, out long rows) ? rows : -1;
                return options.MaxRows >= 0;
            default: return false;
        }
    }

    private static char Separator(string name) =>
        SeparatorNames.TryGetValue(name, out char separator) ? separator : name.FirstOrDefault();

    // name ':' kind ['[' count ']'] ':' range {',' range}
    private static TextLoader.Column ParseColumn(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length is < 2 or > 3)
        {
            return null;
        }

        string kindName = parts.Length == 3 ? parts[1] : "R4";
        KeyCount keyCount = null;
        int bracket = kindName.IndexOf('[');
        if (bracket >= 0)
        {
            string count = kindName[(bracket + 1)..].TrimEnd(']');
            keyCount = ulong.TryParse(count, CultureInfo.InvariantCulture, out ulong keys)
                ? new KeyCount(keys) : new KeyCount();
            kindName = kindName[..bracket];
        }

        if (!_kinds.TryGetValue(kindName, out DataKind kind))
        {
            return null;
        }

        TextLoader.Range[] ranges = [.. parts[^1].Split(',').Select(ParseRange)];
        return ranges.Contains(null) ? null : new TextLoader.Column(parts[0], kind, ranges, keyCount);
    }

    // "~" all other; "*" to the length of the lines, "**" to the end of each line.
    private static TextLoader.Range ParseRange(string text)
    {
        var range = new TextLoader.Range { AllOther = text.StartsWith('~') };
        text = text.TrimStart('~');
        int dash = text.IndexOf('-');
        string last = dash < 0 ? text : text[(dash + 1)..];
        range.ForceVector = dash >= 0 || range.AllOther;
        range.AutoEnd = last == "*";
        range.VariableEnd = last == "**";
        if (!range.AutoEnd && !range.VariableEnd && last.Length > 0)
        {
            if (!int.TryParse(last, CultureInfo.InvariantCulture, out int max))
            {
                return null;
            }

            range.Max = max;
        }

        string first = dash < 0 ? (range.Max?.ToString(CultureInfo.InvariantCulture) ?? "0") : text[..dash];
        return int.TryParse(first, CultureInfo.InvariantCulture, out range.Min) ? range : null;
    }
}
