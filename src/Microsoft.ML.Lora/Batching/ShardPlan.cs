namespace Microsoft.ML.Lora.Batching;

/// <summary>
/// Cuts a batch into shards: groups of whole sequences of a few hundred tokens each, which one worker takes through forward and
/// backward at a stretch. The cut depends on the lengths alone, never on the number of threads, so that sums over shards are the
/// same on any machine.
/// </summary>
/// <remarks>
/// A shard of about 400 tokens keeps a layer's activations (400 · 1,536 floats = 2.4 MB at MiniLM's size) near the second-level cache
/// while its products are still long enough for the micro-kernels. Longest first into the emptiest shard (Graham 1969) leaves them
/// within about one short sequence of each other; an even number suits two workers.
/// </remarks>
internal sealed class ShardPlan
{
    private const int TokensWanted = 400;
    private const int FewestTokens = 96;

    private long[] _keys = [];
    private int[] _members = [];
    private int[] _shardOf = [];
    private int[] _tokens = [];
    private int[] _starts = [0];

    /// <summary>Number of shards.</summary>
    public int Count { get; private set; }

    /// <summary>The sequences of a shard, in the batch's order.</summary>
    public ReadOnlySpan<int> Members(int shard) => _members.AsSpan(_starts[shard], _starts[shard + 1] - _starts[shard]);

    /// <summary>Plans the batch whose sequences are bounded by the offsets.</summary>
    /// <param name="offsets">First token of each sequence, and the end of the last.</param>
    /// <param name="mostShards">Upper bound on the number of shards.</param>
    public void Fill(ReadOnlySpan<int> offsets, int mostShards = int.MaxValue)
    {
        int sequences = offsets.Length - 1;
        Reserve(sequences);
        Count = Math.Min(CountFor(offsets[^1], sequences), mostShards);
        SortLongestFirst(offsets);
        Span<int> load = _tokens.AsSpan(0, Count);
        load.Clear();
        for (int i = 0; i < sequences; i++)
        {
            int sequence = (int)_keys[i];
            int emptiest = IndexOfSmallest(load);
            load[emptiest] += offsets[sequence + 1] - offsets[sequence];
            _shardOf[sequence] = emptiest;
        }

        Collect(sequences);
    }

    private static int CountFor(int tokens, int sequences)
    {
        int count = (int)Math.Round((double)tokens / TokensWanted);
        count += count & 1;
        if (count < 2 && tokens >= 2 * FewestTokens)
        {
            count = 2;
        }

        return Math.Clamp(count, 1, Math.Max(1, sequences));
    }

    private void SortLongestFirst(ReadOnlySpan<int> offsets)
    {
        // The index in the low half keeps equal lengths in the batch's order.
        int sequences = offsets.Length - 1;
        for (int i = 0; i < sequences; i++)
        {
            _keys[i] = ((long)(offsets[i] - offsets[i + 1]) << 32) | (uint)i;
        }

        Array.Sort(_keys, 0, sequences);
    }

    private static int IndexOfSmallest(ReadOnlySpan<int> values)
    {
        int smallest = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] < values[smallest])
            {
                smallest = i;
            }
        }

        return smallest;
    }

    private void Collect(int sequences)
    {
        int placed = 0;
        for (int shard = 0; shard < Count; shard++)
        {
            _starts[shard] = placed;
            for (int sequence = 0; sequence < sequences; sequence++)
            {
                if (_shardOf[sequence] == shard)
                {
                    _members[placed++] = sequence;
                }
            }
        }

        _starts[Count] = placed;
    }

    private void Reserve(int sequences)
    {
        if (sequences > _keys.Length)
        {
            _keys = new long[sequences];
            _members = new int[sequences];
            _shardOf = new int[sequences];
            _tokens = new int[sequences];
            _starts = new int[sequences + 1];
        }
    }
}
