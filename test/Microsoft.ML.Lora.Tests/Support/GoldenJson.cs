using System.Text.Json;
using Microsoft.ML.Lora.Batching;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>Reads the recordings beside the shared models.</summary>
internal static class GoldenJson
{
    /// <summary>A JSON file under the shared folder; the test is skipped where it is not there.</summary>
    public static JsonElement Read(string relativePath)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Shared.Require(relativePath)));
        return document.RootElement.Clone();
    }

    /// <summary>A list of numbers.</summary>
    public static float[] Floats(this JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetSingle())];

    /// <summary>A list of whole numbers.</summary>
    public static int[] Ints(this JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt32())];

    /// <summary>The example with a recording's ids.</summary>
    public static EncodedExample Example(this JsonElement item) => new()
    {
        Ids = item.GetProperty("ids").Ints(),
        TypeIds = item.TryGetProperty("token_type_ids", out JsonElement types) && types.ValueKind == JsonValueKind.Array
            ? types.Ints()
            : null,
    };

    /// <summary>The greatest difference between two lists.</summary>
    public static double MaxDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double greatest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs((double)expected[i] - actual[i]);
            greatest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(greatest, difference);
        }

        return greatest;
    }
}
