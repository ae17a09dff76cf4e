using Microsoft.ML.Data;

namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

/// <summary>A few rows of every class of a file: the first of each after all rows were shuffled by a seed, in that order.</summary>
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
    /// <param name="seed">Shuffles the rows before, as <see cref="PythonShuffle"/> does.</param>
    public static IDataView Take(MLContext context, string file, int perClass, int seed)
    {
        string[][] rows = [.. File.ReadLines(file).Skip(1).Select(line => line.Split('\t'))];
        PythonShuffle.Apply(rows, seed);
        var taken = new Dictionary<string, int>();
        return context.Data.LoadFromEnumerable<Row>(
        [
            .. rows.Where(row => (taken[row[0]] = taken.GetValueOrDefault(row[0]) + 1) <= perClass).Select(row => new Row
            {
                Label = row[0],
                Text = row[1],
                Pair = row.ElementAtOrDefault(2) ?? "",
            }),
        ]);
    }
}
