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
    private readonly int _firstQuery;
    private readonly int _queries;
    private readonly int _firstKey;
    private readonly int _keys;
    private int _count;

    /// <summary>Nothing asked for yet.</summary>
    /// <param name="item">The item that comes next: sequence · heads + head; behind the last there is nothing to ask for.</param>
    /// <param name="heads">Heads of a sequence.</param>
    /// <param name="size">Columns of a head.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="queryOffsets">Their first query rows, and the end.</param>
    /// <param name="keyOffsets">Their first key rows, and the end.</param>
    public NextHead(int item, int heads, int size, int sequences, int* queryOffsets, int* keyOffsets)
    {
        var sequence = item / heads;
        _column = item % heads * size;
        _lines = ((size * sizeof(float)) + CachePrefetch.LineBytes - 1) / CachePrefetch.LineBytes;
        if (sequence < sequences)
        {
            (_firstQuery, _queries) = (queryOffsets[sequence], queryOffsets[sequence + 1] - queryOffsets[sequence]);
            (_firstKey, _keys) = (keyOffsets[sequence], keyOffsets[sequence + 1] - keyOffsets[sequence]);
        }
    }

    /// <summary>Adds a matrix with a row for every query.</summary>
    public void AddQueries(in Matrix matrix) => Add(matrix, _firstQuery, _queries);

    /// <summary>Adds a matrix with a row for every key.</summary>
    public void AddKeys(in Matrix matrix) => Add(matrix, _firstKey, _keys);

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

    private void Add(in Matrix matrix, int firstRow, int rows)
    {
        if (rows > 0 && !matrix.IsEmpty)
        {
            _first[_count] = (long)(matrix.RowPointer(firstRow) + _column);
            _stride[_count] = (long)matrix.Stride * sizeof(float);
            _rows[_count++] = rows;
        }
    }
}
