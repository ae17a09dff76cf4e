using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Training;

/// <summary>Scores a set of examples with the weights a session has at the moment.</summary>
internal static class Evaluator
{
    private const int RowsPerBatch = 64;

    /// <summary>The outputs of the head for every example, in the examples' order [N, outputs].</summary>
    public static float[] Logits(ITrainingSession session, IReadOnlyList<EncodedExample> examples, int outputs)
    {
        int[] order = [.. Enumerable.Range(0, examples.Count).OrderBy(i => examples[i].Ids.Length)];
        var logits = new float[examples.Count * outputs];
        var scored = new float[RowsPerBatch * outputs];
        var batch = new PackedBatch();
        for (int first = 0; first < order.Length; first += RowsPerBatch)
        {
            ReadOnlySpan<int> indices = order.AsSpan(first, Math.Min(RowsPerBatch, order.Length - first));
            batch.Fill(examples, indices);
            session.Score(batch, scored.AsSpan(0, indices.Length * outputs));
            for (int i = 0; i < indices.Length; i++)
            {
                scored.AsSpan(i * outputs, outputs).CopyTo(logits.AsSpan(indices[i] * outputs));
            }
        }
        return logits;
    }
}
