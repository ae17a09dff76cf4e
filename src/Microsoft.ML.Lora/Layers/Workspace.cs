using System.Diagnostics;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Layers;

/// <summary>
/// The memory of one worker's activations: matrices are handed out from the front of a block and given back all at once, or
/// down to a mark. After the first steps it has its size and nothing is allocated any more.
/// </summary>
internal sealed class Workspace : IDisposable
{
    private const int Granularity = AlignedBuffer.Alignment / sizeof(float);
    private const long SmallestBlock = 1 << 18;

    private readonly List<AlignedBuffer> _blocks = [];
    private int _block;
    private long _used;

    /// <summary>A place to return to with <see cref="Release"/>.</summary>
    public readonly record struct Position(int Block, long Used);

    /// <summary>Floats held in all blocks.</summary>
    public long Capacity => _blocks.Sum(block => block.Length);

    /// <summary>A dense [rows, columns] matrix of unknown content, valid until released.</summary>
    public Matrix Rent(int rows, int columns)
    {
        long length = ((long)rows * columns + Granularity - 1) / Granularity * Granularity;
        while (_block < _blocks.Count && _used + length > _blocks[_block].Length)
        {
            _block++;
            _used = 0;
        }

        if (_block == _blocks.Count)
        {
            _blocks.Add(new AlignedBuffer(Math.Max(length, Math.Max(SmallestBlock, Capacity))));
        }

        Matrix matrix = _blocks[_block].AsMatrix(rows, columns, _used);
        _used += length;
        Spoil(matrix);
        return matrix;
    }

    /// <summary>Where the next matrix will lie.</summary>
    public Position Mark() => new(_block, _used);

    /// <summary>Gives back everything rented since the mark was taken.</summary>
    public void Release(Position mark) => (_block, _used) = (mark.Block, mark.Used);

    /// <summary>Gives back everything; several blocks become one that holds as much.</summary>
    public void Reset()
    {
        if (_blocks.Count > 1)
        {
            long capacity = Capacity;
            Dispose();
            _blocks.Add(new AlignedBuffer(capacity));
        }

        (_block, _used) = (0, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blocks.ForEach(block => block.Dispose());
        _blocks.Clear();
    }

    // In debug builds whatever reads before it writes shows at once.
    [Conditional("DEBUG")]
    private static void Spoil(Matrix matrix) => matrix.Span.Fill(float.NaN);
}
