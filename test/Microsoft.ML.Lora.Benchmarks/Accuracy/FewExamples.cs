using Microsoft.ML.Data;

namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

/// <summary>A few rows of every class of a file: the first of each in the file's order, or after all rows were shuffled by a seed.</summary>
internal static class FewExamples
{
    public sealed class Row
    {
        public string Label { get; set; } = "";

        public string Text { get; set; } = "";

        public string Pair { get; set; } = "";
    }

    /// <summary>Takes <paramref name="perClass"/> rows of every class; all of a class that has fewer.</summary>
    /// <param name="context">Makes the view.</param>
    /// <param name="file">The file.</param>
    /// <param name="perClass">Rows of a class.</param>
    /// <param name="seed">Shuffles the rows before; null to take them in the file's order.</param>
    public static IDataView Take(MLContext context, string file, int perClass, int? seed)
    {
        string[][] rows = [.. File.ReadLines(file).Skip(1).Select(line => line.Split('\t'))];
        if (seed is int number)
        {
            new Random(number).Shuffle(rows);
        }
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
