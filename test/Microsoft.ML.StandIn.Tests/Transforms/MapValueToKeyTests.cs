using System.Text.Json;
using Microsoft.ML.StandIn.Tests.Support;
using Microsoft.ML.Transforms;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Transforms;

/// <summary>Values get the recorded keys: order, limits, missing values, annotations.</summary>
public sealed class MapValueToKeyTests(ITestOutputHelper output)
{
    // MapValue is not among the stand-in's transforms.
    private static readonly string[] _outOfScope =
    [
        "MapValue dictionary a->1, b->2 with unseen value", "MapValue dictionary to strings treated as keys",
    ];

    [SkippableFact]
    public void Fit_GivesRecordedKeys()
    {
        var all = Golden.Read("behaviour/map_value_to_key.json").EnumerateArray().ToArray();
        var texts = all[0].GetProperty("input").EnumerateArray().Select(text => text.GetString()).ToArray();
        var compared = 0;
        foreach (var recorded in all)
        {
            var what = recorded.TryGetProperty("what", out var name) ? name.GetString() : null;
            if (!_outOfScope.Contains(what))
            {
                Compare(recorded, what, texts);
                compared++;
            }
        }

        output.WriteLine($"{compared} of {all.Length} cases compared; out of scope: {string.Join("; ", _outOfScope)}");
        Assert.Equal(all.Length - _outOfScope.Length, compared);
    }

    private static void Compare(JsonElement recorded, string? what, string?[] texts)
    {
        var result = recorded.GetProperty("result").GetProperty("result");
        var context = new MLContext();
        var view = what switch
        {
            null => MapColumn(context, recorded, result, texts),
            _ when what.StartsWith("fitted on a, b", StringComparison.Ordinal) => MapUnseen(context, result),
            _ => MapMissing(context, result),
        };
        SchemaText.AssertEqual(result.GetProperty("schema"), view.Schema);
        Rows.AssertEqual(result.GetProperty("rows"), view);
    }

    private static IDataView MapColumn(MLContext context, JsonElement recorded, JsonElement result, string?[] texts)
    {
        var column = recorded.GetProperty("column").GetString()!;
        var conversion = context.Transforms.Conversion;
        if (recorded.TryGetProperty("addKeyValueAnnotationsAsText", out var asText))
        {
            var input = Inputs(result, column);
            return conversion.MapValueToKey("K", column, addKeyValueAnnotationsAsText: asText.GetBoolean())
                .Append(conversion.MapKeyToValue("Back", "K")).Fit(input).Transform(input);
        }

        var order = Enum.Parse<ValueToKeyMappingEstimator.KeyOrdinality>(
            recorded.GetProperty("keyOrdinality").GetString()!);
        if (recorded.TryGetProperty("maximumNumberOfKeys", out var maximum))
        {
            var all = context.Data.LoadFromEnumerable(texts.Select(text => new Text { S = text }).ToArray());
            var mapped = conversion.MapValueToKey("K", column, maximum.GetInt32(), order).Fit(all).Transform(all);
            return context.Transforms.SelectColumns("K").Fit(mapped).Transform(mapped);
        }

        var data = Inputs(result, column);
        return conversion.MapValueToKey("K", column, keyOrdinality: order).Fit(data).Transform(data);
    }

    private static IDataView MapUnseen(MLContext context, JsonElement result)
    {
        var conversion = context.Transforms.Conversion;
        var known = context.Data.LoadFromEnumerable(new[] { new Text { S = "a" }, new Text { S = "b" } });
        var model = conversion.MapValueToKey("K", "S").Append(conversion.MapKeyToValue("Back", "K")).Fit(known);
        return model.Transform(Inputs(result, "S"));
    }

    private static IDataView MapMissing(MLContext context, JsonElement result)
    {
        var conversion = context.Transforms.Conversion;
        var known = context.Data.LoadFromEnumerable(new[] { new Values() });
        var keys = conversion.MapValueToKey(
            [new("KI", "I"), new("KF", "F"), new("KB", "B"), new("KD", "D")]).Fit(known).Transform(known);
        var missing = new RecordedView(keys.Schema, JsonSerializer.SerializeToElement(
            new[] { keys.Schema.Select(_ => 0).ToArray() }));
        var chosen = context.Transforms.SelectColumns("KI", "KF", "KB", "KD")
            .Append(conversion.MapKeyToValue([new("BI", "KI"), new("BF", "KF"), new("BB", "KB"), new("BD", "KD")]));
        Assert.Equal(1, result.GetProperty("rows").GetArrayLength());
        return chosen.Fit(missing).Transform(missing);
    }

    /// <summary>The input column alone, from the recorded output.</summary>
    private static RecordedView Inputs(JsonElement result, string column)
    {
        var columns = result.GetProperty("schema").EnumerateArray()
            .Where(candidate => candidate.GetProperty("name").GetString() == column).ToArray();
        var rows = result.GetProperty("rows").EnumerateArray().Select(row => new[] { row[0] }).ToArray();
        return new RecordedView(RecordedSchema.Make(JsonSerializer.SerializeToElement(columns)),
            JsonSerializer.SerializeToElement(rows));
    }

    private sealed class Text
    {
        public string? S { get; set; }
    }

    private sealed class Values
    {
        public int I { get; set; } = 5;

        public float F { get; set; } = 2;

        public bool B { get; set; } = true;

        public DateTime D { get; set; } = new(2024, 1, 1);
    }
}
