using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Batching;

/// <summary>The order of an epoch: every example once, shuffled from the seed, cut into batches of nearly equal size.</summary>
/// <remarks>
/// Nothing is padded, so examples need not be sorted by length to save work, and a batch stays a fair sample. The batches of an
/// epoch differ by one example at most: no small rest makes a noisy last step.
/// </remarks>
internal static class BatchPlanner
{
    /// <summary>Number of batches of an epoch.</summary>
    public static int BatchCount(int examples, int batchSize) => (examples + batchSize - 1) / batchSize;

    /// <summary>The batches of an epoch, as indices of examples.</summary>
    /// <param name="examples">Number of examples.</param>
    /// <param name="batchSize">The most examples in a batch.</param>
    /// <param name="seed">Where the order comes from.</param>
    /// <param name="epoch">Index of the epoch; each has an order of its own.</param>
    public static IReadOnlyList<int[]> Epoch(int examples, int batchSize, ulong seed, int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(examples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        int[] order = [.. Enumerable.Range(0, examples)];
        new RandomStream(seed, "epoch order").Fork(epoch).Shuffle<int>(order);
        return Cut(order, batchSize);
    }

    /// <summary>An order cut into batches of nearly equal size.</summary>
    public static IReadOnlyList<int[]> Cut(int[] order, int batchSize)
    {
        int count = BatchCount(order.Length, batchSize);
        return [.. Enumerable.Range(0, count).Select(batch => order[Start(batch)..Start(batch + 1)])];

        int Start(int batch) => (int)((long)order.Length * batch / count);
    }
}
