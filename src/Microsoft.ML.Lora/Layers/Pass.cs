using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Layers;

/// <summary>
/// One way of one shard through the model: its tokens laid end to end, the memory of its activations, where its gradients go, and
/// the random stream of its dropout. A worker owns one and uses it again and again.
/// </summary>
internal sealed class Pass : IDisposable
{
    private int[] _tokenIds = [];
    private int[] _typeIds = [];
    private int[] _positions = [];
    private int[] _offsets = [0];
    private int[] _counting = [0];
    private object?[] _examples = [];

    /// <summary>Memory for activations.</summary>
    public Workspace Workspace { get; } = new();

    /// <summary>Who shares the work of one kernel; a team of one where shards themselves are shared out.</summary>
    public ThreadTeam Team { get; set; } = ThreadTeam.Single;

    /// <summary>The flat buffer that receives gradients, or null while scoring.</summary>
    public AlignedBuffer? Gradients { get; private set; }

    /// <summary>Whether dropout is on and a backward pass will follow.</summary>
    public bool Training => Gradients is not null;

    /// <summary>The random stream of this step and shard.</summary>
    public RandomStream Random { get; private set; }

    /// <summary>Number of sequences B.</summary>
    public int Sequences { get; private set; }

    /// <summary>Number of tokens T.</summary>
    public int Tokens { get; private set; }

    /// <summary>Token ids [T].</summary>
    public ReadOnlySpan<int> TokenIds => _tokenIds.AsSpan(0, Tokens);

    /// <summary>Segments [T].</summary>
    public ReadOnlySpan<int> TypeIds => _typeIds.AsSpan(0, Tokens);

    /// <summary>Each token's place in its sequence, from 0 [T].</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, Tokens);

    /// <summary>First token of each sequence, and the end of the last [B + 1].</summary>
    public ReadOnlySpan<int> Offsets => _offsets.AsSpan(0, Sequences + 1);

    /// <summary>First token of each sequence [B].</summary>
    public ReadOnlySpan<int> FirstTokens => _offsets.AsSpan(0, Sequences);

    /// <summary>0, 1, … B: the offsets of rows of which each sequence has one [B + 1].</summary>
    public ReadOnlySpan<int> SingleOffsets => _counting.AsSpan(0, Sequences + 1);

    /// <summary>Who each sequence is, for what is remembered of it; null for nobody [B].</summary>
    public ReadOnlySpan<object?> Examples => _examples.AsSpan(0, Sequences);

    /// <summary>Takes the chosen sequences of a batch, and clears the workspace.</summary>
    /// <param name="tokenIds">The batch's token ids.</param>
    /// <param name="typeIds">The batch's segments.</param>
    /// <param name="offsets">The batch's offsets.</param>
    /// <param name="examples">Who the batch's sequences are.</param>
    /// <param name="members">Which sequences.</param>
    public void Load(
        ReadOnlySpan<int> tokenIds,
        ReadOnlySpan<int> typeIds,
        ReadOnlySpan<int> offsets,
        ReadOnlySpan<object?> examples,
        ReadOnlySpan<int> members)
    {
        Workspace.Reset();
        Gradients = null;
        Sequences = members.Length;
        Reserve(offsets, members);
        int start = 0;
        for (int i = 0; i < members.Length; i++)
        {
            int first = offsets[members[i]];
            int length = offsets[members[i] + 1] - first;
            _offsets[i] = start;
            _examples[i] = examples[members[i]];
            tokenIds.Slice(first, length).CopyTo(_tokenIds.AsSpan(start));
            typeIds.Slice(first, length).CopyTo(_typeIds.AsSpan(start));
            for (int position = 0; position < length; position++)
            {
                _positions[start + position] = position;
            }

            start += length;
        }

        _offsets[members.Length] = start;
        Tokens = start;
    }

    /// <summary>Says that a backward pass will follow: where gradients are added to, and which dropout it has.</summary>
    public void Train(AlignedBuffer gradients, RandomStream random) => (Gradients, Random) = (gradients, random);

    /// <summary>The dropout of a place in the model in this step; empty while scoring.</summary>
    /// <param name="probability">Share dropped, in [0, 1).</param>
    /// <param name="stream">The place's number.</param>
    public DropoutMask Dropout(float probability, long stream) =>
        Training && probability > 0 ? new DropoutMask(Random.Fork(stream), probability) : default;

    /// <summary>The rows of the first tokens [B, C] of a matrix [T, C], copied.</summary>
    public Matrix FirstRows(Matrix rows)
    {
        Matrix first = Workspace.Rent(Sequences, rows.Columns);
        RowGather.Gather(rows, FirstTokens, first, accumulate: false);
        return first;
    }

    /// <inheritdoc/>
    public void Dispose() => Workspace.Dispose();

    private void Reserve(ReadOnlySpan<int> offsets, ReadOnlySpan<int> members)
    {
        int tokens = 0;
        foreach (int member in members)
        {
            tokens += offsets[member + 1] - offsets[member];
        }

        if (tokens > _tokenIds.Length)
        {
            _tokenIds = new int[tokens];
            _typeIds = new int[tokens];
            _positions = new int[tokens];
        }

        if (members.Length >= _offsets.Length)
        {
            _offsets = new int[members.Length + 1];
            _examples = new object?[members.Length];
            _counting = [.. Enumerable.Range(0, members.Length + 1)];
        }
    }
}
