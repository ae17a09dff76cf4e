using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// What the next (sequence, head) of attention will read and write, asked for a row at a time while this one is computed: a head's
/// columns of rows far apart are a pattern that hardware does not follow.
/// </summary>
internal unsafe struct NextHead
{
    private const int Most = 7;

    private fixed long _first[Most];
    private fixed long _stride[Most];
    private fixed int _rows[Most];
    private readonly int _column;
    private readonly int _lines;
    private int _count;

    /// <summary>Nothing yet, of heads of <paramref name="size"/> columns, the first of which is <paramref name="column"/>.</summary>
    public NextHead(int column, int size)
    {
        _column = column;
        _lines = ((size * sizeof(float)) + CachePrefetch.LineBytes - 1) / CachePrefetch.LineBytes;
    }

    /// <summary>Adds rows of a matrix.</summary>
    public void Add(in Matrix matrix, int firstRow, int rows)
    {
        if (!matrix.IsEmpty)
        {
            _first[_count] = (long)(matrix.RowPointer(firstRow) + _column);
            _stride[_count] = (long)matrix.Stride * sizeof(float);
            _rows[_count++] = rows;
        }
    }

    /// <summary>Asks for one row of each.</summary>
    public readonly void Prefetch(int row)
    {
        for (var i = 0; i < _count; i++)
        {
            if (row < _rows[i])
            {
                CachePrefetch.Column((byte*)(_first[i] + (row * _stride[i])), CachePrefetch.LineBytes, _lines);
            }
        }
    }
}
