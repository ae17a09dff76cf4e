using Microsoft.ML.Data;

namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

/// <summary>A few rows of every class of a file: all its rows are shuffled by the seed, and the first of each class are taken.</summary>
internal static class FewExamples
{
    public sealed class Row
    {
        public string Label { get; set; } = "";

        public string Text { get; set; } = "";

        public string Pair { get; set; } = "";
    }

    /// <summary>Draws <paramref name="perClass"/> rows of every class; all of a class that has fewer.</summary>
    public static IDataView Draw(MLContext context, string file, int perClass, int seed)
    {
        string[][] rows = [.. File.ReadLines(file).Skip(1).Select(line => line.Split('\t'))];
        new Random(seed).Shuffle(rows);
        return context.Data.LoadFromEnumerable<Row>(
        [
            .. rows.GroupBy(row => row[0]).SelectMany(group => group.Take(perClass)).Select(row => new Row
            {
                Label = row[0],
                Text = row[1],
                Pair = row.ElementAtOrDefault(2) ?? "",
            }),
        ]);
    }
}
