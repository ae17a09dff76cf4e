using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Data;

namespace Microsoft.ML.StandIn.Tests.Evaluation;

/// <summary>A scored row whose keys are stored as they are: 0 is missing, the first is 1.</summary>
public sealed class MulticlassRow
{
    public uint Label { get; set; }

    public float[] Score { get; set; } = [];

    public uint PredictedLabel { get; set; }
}

/// <summary>Makes views of recorded scored rows.</summary>
internal static class MulticlassRows
{
    public static MulticlassRow[] Read(JsonElement recorded) =>
    [
        .. recorded.GetProperty("scores").EnumerateArray().Select((scores, i) => new MulticlassRow
        {
            // Members count keys from 0; what is out of range becomes missing.
            Label = recorded.GetProperty("labelKeys")[i].GetUInt32() - 1,
            Score = [.. scores.EnumerateArray().Select(Number)],
            PredictedLabel = recorded.GetProperty("predictedLabelKeys")[i].GetUInt32() - 1,
        }),
    ];

    public static SchemaDefinition Describe(JsonElement recorded)
    {
        int length = recorded.GetProperty("scoreLength").GetInt32();
        var key = new KeyDataViewType(typeof(uint), recorded.GetProperty("labelKeyCount").GetInt32());
        SchemaDefinition definition = SchemaDefinition.Create(typeof(MulticlassRow));
        definition["Label"].ColumnType = key;
        definition["PredictedLabel"].ColumnType = key;
        definition["Score"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, length);
        AddNames(definition["Score"], "SlotNames", recorded.GetProperty("scoreSlotNames"));
        AddNames(definition["Label"], "KeyValues", recorded.GetProperty("labelKeyValues"));
        AddNames(definition["PredictedLabel"], "KeyValues", recorded.GetProperty("labelKeyValues"));
        return definition;
    }

    public static float Number(JsonElement number) => number.ValueKind == JsonValueKind.Number
        ? number.GetSingle()
        : float.Parse(number.GetString()!, CultureInfo.InvariantCulture);

    private static void AddNames(SchemaDefinition.Column column, string kind, JsonElement names)
    {
        if (names.ValueKind == JsonValueKind.Array)
        {
            ReadOnlyMemory<char>[] texts = [.. names.EnumerateArray().Select(name => name.GetString().AsMemory())];
            column.AddAnnotation(
                kind,
                new VBuffer<ReadOnlyMemory<char>>(texts.Length, texts),
                new VectorDataViewType(TextDataViewType.Instance, texts.Length));
        }
    }
}
