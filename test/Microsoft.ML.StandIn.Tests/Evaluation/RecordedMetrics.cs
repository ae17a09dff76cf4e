using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Evaluation;

/// <summary>Compares metrics, to the last digit, with recorded ones.</summary>
internal static class RecordedMetrics
{
    /// <summary>Asserts that an evaluation gives the recorded metrics, or fails as recorded.</summary>
    public static void AssertEqual(string name, JsonElement recorded, Func<object> evaluate)
    {
        if (!recorded.GetProperty("ok").GetBoolean())
        {
            ExceptionText.AssertThrows(name, recorded.GetProperty("exception"), () => evaluate());
            return;
        }

        object actual = evaluate();
        foreach (JsonProperty metric in recorded.GetProperty("result").EnumerateObject())
        {
            if (metric.Name == nameof(ConfusionMatrix))
            {
                AssertMatrix(name, metric.Value, (ConfusionMatrix)Get(actual, metric.Name)!);
            }
            else
            {
                Assert.Equal(
                    Print(name, metric.Name, metric.Value), Print(name, metric.Name, Get(actual, metric.Name)));
            }
        }
    }

    private static void AssertMatrix(string name, JsonElement recorded, ConfusionMatrix actual)
    {
        foreach (JsonProperty metric in recorded.EnumerateObject())
        {
            object? value = metric.Name switch
            {
                "GetFormattedConfusionTable" => actual.GetFormattedConfusionTable(),
                "GetCountForClassPair_0_0" => actual.GetCountForClassPair(0, 0),
                _ => Get(actual, metric.Name),
            };
            JsonElement expected = metric.Value.ValueKind == JsonValueKind.Object
                ? metric.Value.GetProperty("result")
                : metric.Value;
            Assert.Equal(Print(name, metric.Name, expected), Print(name, metric.Name, value));
        }
    }

    private static object? Get(object metrics, string name) => metrics.GetType().GetProperty(name)!.GetValue(metrics);

    private static string Print(string name, string metric, JsonElement value) => $"{name} {metric} {Print(value)}";

    private static string Print(string name, string metric, object? value) => $"{name} {metric} {Print(value)}";

    private static string Print(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Print))}]",
        JsonValueKind.Number => Print(value.GetDouble()),
        JsonValueKind.Null => "none",
        _ => value.GetString()!,
    };

    private static string Print(object? value) => value switch
    {
        null => "none",
        string text => text,
        IReadOnlyList<double> list => $"[{string.Join(", ", list.Select(item => Print(item)))}]",
        IReadOnlyList<IReadOnlyList<double>> rows => $"[{string.Join(", ", rows.Select(Print))}]",
        _ => Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture),
    };
}
