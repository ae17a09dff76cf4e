using System.Text.Json;
using System.Text.Unicode;

namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>One tensor as a safetensors header lists it: bytes <c>[Begin, End)</c> of the data part.</summary>
internal sealed record SafetensorsEntry(string Name, StorageType Type, long[] Shape, long Begin, long End);

/// <summary>
/// The header of a safetensors file, parsed and checked: 8 bytes of length, then JSON, then the data. Everything is
/// checked before anything of a size named in the file is allocated.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The format's own limit for the JSON part.</summary>
    public const int MaxBytes = 100_000_000;

    /// <summary>The bytes before the JSON part: its length.</summary>
    public const int PrefixBytes = 8;

    private const string MetadataKey = "__metadata__";
    private const int MaxRank = 32;

    private readonly string _file;
    private readonly List<string> _problems = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly List<SafetensorsEntry> _entries = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    private SafetensorsHeader(string file) => _file = file;

    /// <summary>Gets the tensors in the file's order.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => _entries;

    /// <summary>Gets the texts of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Reads the length of the JSON part out of a file's first 8 bytes.</summary>
    /// <exception cref="InvalidDataException">The length is beyond the format's limit or the file's end.</exception>
    public static int CheckLength(ulong length, long fileLength, string file)
    {
        if (length > MaxBytes)
        {
            Throw.InvalidData_File(file, $"the header claims {length} bytes; a safetensors header has at most {MaxBytes}. The file is damaged or not a safetensors file.");
        }

        if ((long)length > fileLength - PrefixBytes)
        {
            Throw.InvalidData_File(file, $"the header claims {length} bytes, and the file ends after {fileLength}. The file is truncated or not a safetensors file.");
        }

        return (int)length;
    }

    /// <summary>Parses the JSON part and checks it against the number of bytes that follow it.</summary>
    /// <exception cref="InvalidDataException">Something is wrong; the message lists everything found.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength, string file)
    {
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            Throw.InvalidData_File(file, "the header does not start with '{'. The file is damaged or not a safetensors file.");
        }

        if (!Utf8.IsValid(json))
        {
            Throw.InvalidData_File(file, "the header is not valid UTF-8.");
        }

        var header = new SafetensorsHeader(file);
        try
        {
            header.Read(json);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            Throw.InvalidData_File(file, $"the header is not the JSON that safetensors prescribes: {error.Message}");
        }

        header.CheckExtents(dataLength);
        if (header._problems.Count > 0)
        {
            Throw.InvalidData_Problems(file, "the safetensors header is damaged", header._problems);
        }

        return header;
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (!_names.Add(name))
            {
                _problems.Add($"the name {Throw.Quote(name)} stands twice");
            }

            if (name == MetadataKey)
            {
                ReadMetadata(ref reader);
            }
            else
            {
                ReadEntry(ref reader, name);
            }
        }

        while (reader.Read())
        {
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(reader.TokenType, JsonTokenType.StartObject, MetadataKey);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            Expect(reader.TokenType, JsonTokenType.String, MetadataKey);
            if (!_metadata.TryAdd(key, reader.GetString()!))
            {
                _problems.Add($"{MetadataKey} has the key {Throw.Quote(key)} twice");
            }
        }
    }

    private void ReadEntry(ref Utf8JsonReader reader, string name)
    {
        Expect(reader.TokenType, JsonTokenType.StartObject, name);
        string? dtype = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString();
            reader.Read();
            var again = key switch
            {
                "dtype" => dtype is not null,
                "shape" => shape is not null,
                "data_offsets" => offsets is not null,
                _ => false,
            };
            if (again)
            {
                _problems.Add($"tensor {Throw.Quote(name)} has {key} twice");
            }

            switch (key)
            {
                case "dtype":
                    Expect(reader.TokenType, JsonTokenType.String, name);
                    dtype = reader.GetString();
                    break;
                case "shape":
                    shape = ReadNumbers(ref reader, name, MaxRank);
                    break;
                case "data_offsets":
                    offsets = ReadNumbers(ref reader, name, 2);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        AddEntry(name, dtype, shape, offsets);
    }

    private void AddEntry(string name, string? dtype, long[]? shape, long[]? offsets)
    {
        if (dtype is null || shape is null || offsets is not { Length: 2 })
        {
            _problems.Add($"tensor {Throw.Quote(name)} lacks dtype, shape or two data_offsets");
        }
        else if (!StorageTypes.TryParse(dtype, out var type))
        {
            _problems.Add($"tensor {Throw.Quote(name)} has the unknown dtype {Throw.Quote(dtype)}");
        }
        else if (TrySizeInBytes(type, shape, out var size) && offsets[0] <= offsets[1] && offsets[1] - offsets[0] == size)
        {
            _entries.Add(new SafetensorsEntry(name, type, shape, offsets[0], offsets[1]));
        }
        else
        {
            _problems.Add($"tensor {Throw.Quote(name)}: {dtype} [{string.Join(", ", shape)}] does not fill the bytes {offsets[0]} to {offsets[1]}");
        }
    }

    private static bool TrySizeInBytes(StorageType type, long[] shape, out long size)
    {
        UInt128 bits = (UInt128)type.Bits();
        foreach (var dimension in shape)
        {
            bits *= (UInt128)dimension;
            if (bits > (UInt128)long.MaxValue)
            {
                // A later zero would make the product small again; such a shape is absurd all the same.
                size = 0;
                return false;
            }
        }

        size = (long)(bits / 8);
        return bits % 8 == 0;
    }

    // The data part must be covered without a gap, an overlap or a rest: no byte without a meaning, none with two.
    private void CheckExtents(long dataLength)
    {
        if (_problems.Count > 0)
        {
            return;
        }

        long position = 0;
        foreach (var entry in _entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != position)
            {
                _problems.Add($"tensor {Throw.Quote(entry.Name)} begins at byte {entry.Begin} of the data, where {position} is next: "
                    + (entry.Begin < position ? "tensors overlap" : "there is a gap"));
                return;
            }

            position = entry.End;
        }

        if (position != dataLength)
        {
            _problems.Add($"the tensors take {position} bytes and the file holds {dataLength}: "
                + (position > dataLength ? "it is truncated" : "there are bytes that belong to no tensor"));
        }
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string name, int limit)
    {
        Expect(reader.TokenType, JsonTokenType.StartArray, name);
        var numbers = new List<long>(4);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(reader.TokenType, JsonTokenType.Number, name);
            if (!reader.TryGetInt64(out var number) || number < 0 || numbers.Count == limit)
            {
                Throw.InvalidData_File(_file, $"tensor {Throw.Quote(name)} has a shape or data_offsets that is not a short list of whole numbers from 0 on.");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private void Expect(JsonTokenType found, JsonTokenType expected, string where)
    {
        if (found != expected)
        {
            Throw.InvalidData_File(_file, $"the header has {found} in {Throw.Quote(where)} where {expected} belongs.");
        }
    }
}
