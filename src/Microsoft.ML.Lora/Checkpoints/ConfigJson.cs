using System.Text.Json;
using System.Text.Unicode;

namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>A JSON object out of a model's file, with typed getters whose errors name the file and the key.</summary>
internal sealed class ConfigJson
{
    private static readonly JsonDocumentOptions _options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    private readonly string _path;

    private ConfigJson(string file, JsonElement root, string path = "")
    {
        File = file;
        Root = root;
        _path = path;
    }

    /// <summary>Gets the file's name for messages.</summary>
    public string File { get; }

    /// <summary>Gets the object itself.</summary>
    public JsonElement Root { get; }

    /// <summary>Parses a file's content.</summary>
    /// <exception cref="InvalidDataException">It is not a JSON object, is nested too deep or has a key twice.</exception>
    public static ConfigJson Parse(ReadOnlyMemory<byte> utf8, string file)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        try
        {
            var content = utf8.Span.StartsWith(mark) ? utf8[mark.Length..] : utf8;
            CheckText(content.Span, file);
            using var document = JsonDocument.Parse(content, _options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                Throw.InvalidData_File(file, $"the file holds {document.RootElement.ValueKind}, not a JSON object.");
            }

            return new ConfigJson(file, document.RootElement.Clone());
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{file}': the file is not valid JSON: {error.Message}", error);
        }
    }

    /// <summary>An object inside this one; null when the key is absent or null.</summary>
    public ConfigJson? GetObject(string key) =>
        TryGet(key, JsonValueKind.Object, "an object", out var value) ? new ConfigJson(File, value, NameOf(key) + ".") : null;

    /// <summary>A list of objects; empty when the key is absent or null.</summary>
    public IReadOnlyList<ConfigJson> GetObjects(string key)
    {
        if (!TryGet(key, JsonValueKind.Array, "a list of objects", out var list))
        {
            return [];
        }

        return
        [
            .. list.EnumerateArray().Select((item, index) => item.ValueKind == JsonValueKind.Object
                ? new ConfigJson(File, item, $"{NameOf(key)}[{index}].")
                : Wrong<ConfigJson>(key, item, "an object")),
        ];
    }

    /// <summary>A key with the path to it, for messages.</summary>
    public string NameOf(string key) => _path + key;

    /// <summary>Whether the key is there with a value other than null.</summary>
    public bool Has(string key) => Root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A whole number that must be there.</summary>
    public int GetInt(string key) => TryGetInt(key) ?? Missing<int>(key, "a whole number");

    /// <summary>A whole number, or a default where the key is absent or null.</summary>
    public int GetInt(string key, int defaultValue) => TryGetInt(key) ?? defaultValue;

    /// <summary>A whole number; null where the key is absent or null.</summary>
    public int? TryGetInt(string key)
    {
        if (!TryGet(key, JsonValueKind.Number, "a whole number", out var value))
        {
            return null;
        }

        // Python writes 512.0 for some whole numbers.
        return value.TryGetDouble(out var number) && number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue
            ? (int)number
            : Wrong<int>(key, value, "a whole number of 32 bits");
    }

    /// <summary>A number, or a default where the key is absent or null.</summary>
    public double GetDouble(string key, double defaultValue) => TryGetDouble(key) ?? defaultValue;

    /// <summary>A finite number; null where the key is absent or null.</summary>
    public double? TryGetDouble(string key)
    {
        if (!TryGet(key, JsonValueKind.Number, "a number", out var value))
        {
            return null;
        }

        return value.TryGetDouble(out var number) && double.IsFinite(number) ? number : Wrong<double>(key, value, "a finite number");
    }

    /// <summary>True or false, or a default where the key is absent or null.</summary>
    public bool GetBool(string key, bool defaultValue) => TryGetBool(key) ?? defaultValue;

    /// <summary>True or false; null where the key is absent or null.</summary>
    public bool? TryGetBool(string key)
    {
        if (!Root.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : Wrong<bool>(key, value, "true or false");
    }

    /// <summary>A text that must be there.</summary>
    public string GetString(string key) => TryGetString(key) ?? Missing<string>(key, "a text");

    /// <summary>A text; null where the key is absent or null.</summary>
    public string? TryGetString(string key) =>
        TryGet(key, JsonValueKind.String, "a text", out var value) ? value.GetString() : null;

    /// <summary>A list of texts; null where the key is absent or null.</summary>
    public IReadOnlyList<string>? TryGetStrings(string key)
    {
        if (!TryGet(key, JsonValueKind.Array, "a list of texts", out var list))
        {
            return null;
        }

        return
        [
            .. list.EnumerateArray().Select(item =>
                item.ValueKind == JsonValueKind.String ? item.GetString()! : Wrong<string>(key, item, "a text")),
        ];
    }

    /// <summary>An object whose values are texts; empty where the key is absent or null.</summary>
    public Dictionary<string, string> GetStringMap(string key)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (TryGet(key, JsonValueKind.Object, "an object of texts", out var value))
        {
            foreach (var property in value.EnumerateObject())
            {
                map.Add(property.Name, property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString()!
                    : Wrong<string>(key, property.Value, "an object of texts"));
            }
        }

        return map;
    }

    // The parser lets through bytes that are no UTF-8 and escaped halves of surrogate pairs, and fails when they are read.
    private static void CheckText(ReadOnlySpan<byte> content, string file)
    {
        if (!Utf8.IsValid(content))
        {
            Throw.InvalidData_File(file, "the file is not valid UTF-8.");
        }

        if (content.IndexOf("\\ud"u8) < 0 && content.IndexOf("\\uD"u8) < 0)
        {
            return;
        }

        var reader = new Utf8JsonReader(content, new JsonReaderOptions { MaxDepth = _options.MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                reader.GetString();
            }
        }
    }

    private static string Shown(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 60 ? text : text[..60] + "…";
    }

    private bool TryGet(string key, JsonValueKind kind, string expected, out JsonElement value)
    {
        if (!Root.TryGetProperty(key, out value) || value.ValueKind == JsonValueKind.Null)
        {
            return false;
        }

        return value.ValueKind == kind || Wrong<bool>(key, value, expected);
    }

    private T Missing<T>(string key, string expected) =>
        throw new InvalidDataException($"'{File}': '{NameOf(key)}' is missing; {expected} belongs there.");

    private T Wrong<T>(string key, JsonElement value, string expected) =>
        throw new InvalidDataException($"'{File}': '{NameOf(key)}' is {Shown(value)}, where {expected} belongs.");
}
