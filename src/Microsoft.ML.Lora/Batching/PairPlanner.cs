using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Batching;

/// <summary>
/// The order of an epoch whose batches are to hold several rows of a class: every example once, those of a class shuffled and in fours,
/// the fours shuffled and laid end to end, cut into batches of nearly equal size (after Hermans et al. 2017, "In Defense of the Triplet
/// Loss").
/// </summary>
internal static class PairPlanner
{
    private const int Together = 4;

    /// <summary>The batches of an epoch, as indices of examples; as many as <see cref="BatchPlanner.BatchCount"/> says.</summary>
    /// <param name="examples">The examples.</param>
    /// <param name="batchSize">The most examples in a batch.</param>
    /// <param name="seed">Where the order comes from.</param>
    /// <param name="epoch">Index of the epoch; each has an order of its own.</param>
    public static IReadOnlyList<int[]> Epoch(IReadOnlyList<EncodedExample> examples, int batchSize, ulong seed, int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        RandomStream random = new RandomStream(seed, "pair order").Fork(epoch);
        int[] order = [.. Enumerable.Range(0, examples.Count)];
        random.Fork(0).Shuffle<int>(order);
        int[][] groups = [.. order.GroupBy(i => examples[i].ClassIndex).SelectMany(rows => rows.Chunk(Together))];
        random.Fork(1).Shuffle<int[]>(groups);
        return BatchPlanner.Cut([.. groups.SelectMany(rows => rows)], batchSize);
    }
}
