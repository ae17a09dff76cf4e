using Microsoft.ML.Lora.Batching;

namespace Microsoft.ML.Lora.Training;

/// <summary>The examples of an optimiser step cut into batches of nearly equal size; the batches are used again and again.</summary>
/// <param name="batchSize">The most examples in a batch.</param>
internal sealed class StepParts(int batchSize)
{
    private PackedBatch[] _parts = [new()];

    /// <summary>The step's batches.</summary>
    public ReadOnlySpan<PackedBatch> Fill(IReadOnlyList<EncodedExample> examples, ReadOnlySpan<int> indices)
    {
        int count = BatchPlanner.BatchCount(indices.Length, batchSize);
        if (count > _parts.Length)
        {
            _parts = [.. Enumerable.Range(0, count).Select(_ => new PackedBatch())];
        }
        for (int part = 0, first = 0; part < count; part++)
        {
            int end = (int)((long)indices.Length * (part + 1) / count);
            _parts[part].Fill(examples, indices[first..end]);
            first = end;
        }
        return _parts.AsSpan(0, count);
    }
}
