using System.Text.Json;
using Microsoft.ML.Data;

namespace Microsoft.ML.StandIn.Tests.Text;

/// <summary>Makes text loader options of their recorded form.</summary>
internal static class RecordedTextOptions
{
    public static TextLoader.Options Make(JsonElement options) => new()
    {
        AllowQuoting = options.GetProperty("AllowQuoting").GetBoolean(),
        AllowSparse = options.GetProperty("AllowSparse").GetBoolean(),
        InputSize = options.GetProperty("InputSize") is { ValueKind: JsonValueKind.Number } size
            ? size.GetInt32()
            : null,
        Separators = [.. options.GetProperty("Separators").EnumerateArray().Select(Char)],
        DecimalMarker = Char(options.GetProperty("DecimalMarker")),
        Columns = options.GetProperty("Columns") is { ValueKind: JsonValueKind.Array } columns
            ? [.. columns.EnumerateArray().Select(Column)]
            : null,
        TrimWhitespace = options.GetProperty("TrimWhitespace").GetBoolean(),
        HasHeader = options.GetProperty("HasHeader").GetBoolean(),
        UseThreads = false,
        ReadMultilines = options.GetProperty("ReadMultilines").GetBoolean(),
        HeaderFile = options.GetProperty("HeaderFile").GetString(),
        MaxRows = options.GetProperty("MaxRows") is { ValueKind: JsonValueKind.Number } rows ? rows.GetInt64() : null,
        EscapeChar = Char(options.GetProperty("EscapeChar")),
        MissingRealsAsNaNs = options.GetProperty("MissingRealsAsNaNs").GetBoolean(),
    };

    private static ulong? CountOf(JsonElement count) =>
        count.ValueKind == JsonValueKind.Number ? count.GetUInt64() : null;

    private static TextLoader.Column Column(JsonElement column) => new()
    {
        Name = column.GetProperty("Name").GetString(),
        DataKind = Enum.Parse<DataKind>(column.GetProperty("DataKind").GetString()!),
        KeyCount = column.GetProperty("KeyCount") is { ValueKind: JsonValueKind.Object } key
            ? new KeyCount { Count = CountOf(key.GetProperty("Count")) }
            : null,
        Source = [.. column.GetProperty("Source").EnumerateArray().Select(Range)],
    };

    private static TextLoader.Range Range(JsonElement range) => new()
    {
        Min = range.GetProperty("Min").GetInt32(),
        Max = range.GetProperty("Max") is { ValueKind: JsonValueKind.Number } max ? max.GetInt32() : null,
        AutoEnd = range.GetProperty("AutoEnd").GetBoolean(),
        VariableEnd = range.GetProperty("VariableEnd").GetBoolean(),
        AllOther = range.GetProperty("AllOther").GetBoolean(),
        ForceVector = range.GetProperty("ForceVector").GetBoolean(),
    };

    private static char Char(JsonElement text) => text.GetString()!.Single();
}
