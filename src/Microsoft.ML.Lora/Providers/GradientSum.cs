using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>One gradient buffer for each shard, and their sum in the shards' order.</summary>
internal sealed class GradientSum : IDisposable
{
    // Floats summed at a stretch by one thread; a shard's run of it stays in the first-level cache.
    private const int Chunk = 1 << 14;

    private readonly ParameterSet _parameters;
    private readonly List<AlignedBuffer> _shards = [];
    private readonly double[] _squares;
    private readonly Action<int, int> _sumChunk;
    private int _count;

    /// <summary>Buffers for the gradients of the parameters.</summary>
    public GradientSum(ParameterSet parameters)
    {
        _parameters = parameters;
        _squares = new double[(parameters.Length + Chunk - 1) / Chunk];
        _sumChunk = SumChunk;
    }

    /// <summary>The sum over all shards.</summary>
    public AlignedBuffer Total => _shards[0];

    /// <summary>The buffer of a shard.</summary>
    public AlignedBuffer Shard(int shard) => _shards[shard];

    /// <summary>Has buffers for that many shards; each is zeroed by whoever takes the shard.</summary>
    public void Reserve(int count)
    {
        _count = count;
        while (_shards.Count < count)
        {
            _shards.Add(_parameters.CreateBuffer());
        }
    }

    /// <summary>Sums the shards into <see cref="Total"/>.</summary>
    /// <returns>The norm of the sum.</returns>
    public double Sum(ThreadTeam team)
    {
        team.Run(_squares.Length, _sumChunk);
        double squares = 0;
        foreach (double square in _squares)
        {
            squares += square;
        }

        return Math.Sqrt(squares);
    }

    /// <inheritdoc/>
    public void Dispose() => _shards.ForEach(shard => shard.Dispose());

    private void SumChunk(int chunk, int worker)
    {
        long offset = (long)chunk * Chunk;
        int length = (int)Math.Min(Chunk, _parameters.Length - offset);
        Matrix total = Total.AsMatrix(1, length, offset);
        for (int shard = 1; shard < _count; shard++)
        {
            Elementwise.Add(_shards[shard].AsMatrix(1, length, offset), total);
        }

        _squares[chunk] = Reductions.SumOfSquares(total.Span);
    }
}
