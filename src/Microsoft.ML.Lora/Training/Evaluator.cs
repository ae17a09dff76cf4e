using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Training;

/// <summary>What a session makes of a set of examples with the weights it has at the moment.</summary>
internal static class Evaluator
{
    private const int RowsPerBatch = 64;

    private delegate void BatchReader(PackedBatch batch, Span<float> rows);

    /// <summary>The outputs of the head for every example, in the examples' order [N, outputs].</summary>
    public static float[] Logits(ITrainingSession session, IReadOnlyList<EncodedExample> examples, int outputs) =>
        Read(examples, outputs, session.Score);

    /// <summary>What the head's output layer reads of every example, in the examples' order [N, width].</summary>
    public static float[] Features(ITrainingSession session, IReadOnlyList<EncodedExample> examples, int width) =>
        Read(examples, width, session.ReadFeatures);

    private static float[] Read(IReadOnlyList<EncodedExample> examples, int width, BatchReader read)
    {
        int[] order = [.. Enumerable.Range(0, examples.Count).OrderBy(i => examples[i].Ids.Length)];
        var rows = new float[(long)examples.Count * width];
        var scored = new float[RowsPerBatch * width];
        var batch = new PackedBatch();
        for (int first = 0; first < order.Length; first += RowsPerBatch)
        {
            ReadOnlySpan<int> indices = order.AsSpan(first, Math.Min(RowsPerBatch, order.Length - first));
            batch.Fill(examples, indices);
            read(batch, scored.AsSpan(0, indices.Length * width));
            for (int i = 0; i < indices.Length; i++)
            {
                scored.AsSpan(i * width, width).CopyTo(rows.AsSpan(indices[i] * width));
            }
        }
        return rows;
    }
}
