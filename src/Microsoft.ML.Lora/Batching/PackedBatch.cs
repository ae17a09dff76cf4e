namespace Microsoft.ML.Lora.Batching;

/// <summary>
/// The tokens of a batch laid end to end, without padding: example i is tokens <c>Offsets[i]</c> to <c>Offsets[i + 1]</c>.
/// Its arrays are reused by the next fill and only grow, so they may be longer than what is in use.
/// </summary>
internal sealed class PackedBatch
{
    /// <summary>Number of examples B.</summary>
    public int Count { get; private set; }

    /// <summary>Number of tokens T.</summary>
    public int TokenCount => Count == 0 ? 0 : Offsets[Count];

    /// <summary>Token ids [T].</summary>
    public int[] TokenIds { get; private set; } = [];

    /// <summary>Segments [T].</summary>
    public int[] TypeIds { get; private set; } = [];

    /// <summary>First token of each example, and the end of the last [B + 1].</summary>
    public int[] Offsets { get; private set; } = [];

    /// <summary>The examples themselves [B].</summary>
    public EncodedExample?[] Examples { get; private set; } = [];

    /// <summary>Class indices [B].</summary>
    public int[] ClassTargets { get; private set; } = [];

    /// <summary>Numbers to predict [B].</summary>
    public float[] RealTargets { get; private set; } = [];

    /// <summary>Weights in the loss [B].</summary>
    public float[] Weights { get; private set; } = [];

    /// <summary>Takes the chosen examples, in that order, in place of what the batch held.</summary>
    public void Fill(IReadOnlyList<EncodedExample> examples, ReadOnlySpan<int> indices)
    {
        int tokens = 0;
        foreach (int index in indices)
        {
            tokens += examples[index].Ids.Length;
        }

        Reserve(indices.Length, tokens);
        Count = indices.Length;
        int start = 0;
        for (int i = 0; i < indices.Length; i++)
        {
            start = Place(examples[indices[i]], i, start);
        }
    }

    /// <summary>Takes one text to score in place of what the batch held.</summary>
    public void Fill(ReadOnlySpan<int> ids, ReadOnlySpan<int> typeIds)
    {
        Reserve(1, ids.Length);
        Count = 1;
        Offsets[0] = 0;
        Offsets[1] = ids.Length;
        ids.CopyTo(TokenIds);
        typeIds.CopyTo(TypeIds);
        Examples[0] = null;
    }

    private int Place(EncodedExample example, int position, int start)
    {
        Offsets[position] = start;
        example.Ids.CopyTo(TokenIds, start);
        Span<int> types = TypeIds.AsSpan(start, example.Ids.Length);
        if (example.TypeIds is null)
        {
            types.Clear();
        }
        else
        {
            example.TypeIds.CopyTo(types);
        }

        Examples[position] = example;
        ClassTargets[position] = example.ClassIndex;
        RealTargets[position] = example.RealTarget;
        Weights[position] = example.Weight;
        return Offsets[position + 1] = start + example.Ids.Length;
    }

    private void Reserve(int examples, int tokens)
    {
        if (tokens > TokenIds.Length)
        {
            TokenIds = new int[tokens];
            TypeIds = new int[tokens];
        }

        if (examples >= Offsets.Length)
        {
            Offsets = new int[examples + 1];
            Examples = new EncodedExample?[examples];
            ClassTargets = new int[examples];
            RealTargets = new float[examples];
            Weights = new float[examples];
        }
    }
}
