using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Tokenization;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora.DataView;

/// <summary>Reads the labelled texts of a view once, encoding them on several threads; the order is the view's.</summary>
internal sealed class LabelledRowReader(
    IExceptionContext context, InputColumns columns, Func<string, string?, TokenizedText> encode, int threads)
{
    private const int ChunkSize = 2048;

    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = threads };

    /// <summary>Reads the whole view.</summary>
    /// <param name="data">A view with the trainer's columns.</param>
    /// <param name="classes">Number of classes of the task; a label beyond it is an error.</param>
    /// <param name="cancellation">Checked between chunks of rows.</param>
    public LabelledRows Read(IDataView data, int classes, CancellationToken cancellation)
    {
        DataViewSchema.Column[] needed = [.. Needed(data.Schema)];
        using DataViewRowCursor cursor = data.GetRowCursor(needed);
        var row = new LabelledRow(cursor, columns);
        var examples = new List<EncodedExample>();
        var chunk = new List<(string Text, string? Pair, int Class, float Weight)>(ChunkSize);
        long rows = 0, missing = 0, truncated = 0;
        bool more = true;
        while (more)
        {
            cancellation.ThrowIfCancellationRequested();
            chunk.Clear();
            while (chunk.Count < ChunkSize && (more = cursor.MoveNext()))
            {
                rows++;
                if (row.Class() is int label && label < 0)
                {
                    missing++;
                    continue;
                }
                CheckLabel(label, classes, rows);
                (string text, string? pair) = row.Texts();
                chunk.Add((text, pair, label, CheckWeight(row.Weight(), rows)));
            }
            truncated += Encode(chunk, examples);
        }
        return new LabelledRows(examples, rows, missing, truncated);
    }

    private IEnumerable<DataViewSchema.Column> Needed(DataViewSchema schema) =>
        new[] { columns.Text, columns.TextPair, columns.Label, columns.Weight }
            .OfType<string>().Distinct().Select(name => schema[name]);

    private int Encode(
        List<(string Text, string? Pair, int Class, float Weight)> chunk, List<EncodedExample> examples)
    {
        var encoded = new EncodedExample[chunk.Count];
        int truncated = 0;
        Parallel.For(0, chunk.Count, _parallel, i =>
        {
            (string text, string? pair, int label, float weight) = chunk[i];
            TokenizedText tokens = encode(text, pair);
            if (tokens.Truncated)
            {
                Interlocked.Increment(ref truncated);
            }
            encoded[i] = new EncodedExample
            {
                Ids = tokens.Ids,
                TypeIds = tokens.TypeIds,
                ClassIndex = label,
                Weight = weight,
            };
        });
        examples.AddRange(encoded);
        return truncated;
    }

    private void CheckLabel(int label, int classes, long row)
    {
        if (label >= classes)
        {
            throw MLNetAccess.BadState(context,
                $"Row {row} has the label {label + 1} in column '{columns.Label}', beyond its {classes} classes.");
        }
    }

    private float CheckWeight(float weight, long row)
    {
        if (!float.IsFinite(weight) || weight < 0)
        {
            throw MLNetAccess.BadState(context,
                $"Row {row} has the weight {weight} in column '{columns.Weight}'; a weight is a number of 0 or more.");
        }
        return weight;
    }
}
