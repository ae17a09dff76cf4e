using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// The right operand B [K + tail, N] of a product, packed once in the order a micro-kernel reads it. The tail rows,
/// spare at the end of each panel, carry a low-rank update that changes with every step.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    private readonly AlignedBuffer _panels;

    /// <summary>A zero operand of <paramref name="k"/> rows and <paramref name="n"/> columns, with room for a tail.</summary>
    public PackedMatrix(int k, int n, int tailCapacity = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(tailCapacity);
        K = k;
        N = n;
        TailCapacity = tailCapacity;
        _panels = new AlignedBuffer((long)(k + tailCapacity) * n);
    }

    public int K { get; }

    public int N { get; }

    /// <summary>The most rows a tail may have.</summary>
    public int TailCapacity { get; }

    /// <summary>B[firstRow + i, n] = rows[i, n].</summary>
    public void PackRows(int firstRow, Matrix rows)
    {
        rows.CopyTo(View.SliceRows(firstRow, rows.Rows));
    }

    /// <summary>B[k, firstColumn + i] = rows[i, k]: a weight [out, in] as the forward operand, K = in, N = out.</summary>
    public void PackTransposedRows(int firstColumn, Matrix rows)
    {
        Transpose(rows, View.SliceRows(0, K).SliceColumns(firstColumn, rows.Rows));
    }

    /// <summary>B[K + r, n] = tail[r, n].</summary>
    public void SetTail(Matrix tail) => tail.CopyTo(View.SliceRows(K, tail.Rows));

    /// <summary>B[K + r, n] = tail[n, r].</summary>
    public void SetTailTransposed(Matrix tail) => Transpose(tail, View.SliceRows(K, tail.Columns));

    public void Dispose() => _panels.Dispose();

    internal Matrix View => _panels.AsMatrix(K + TailCapacity, N);

    private static void Transpose(Matrix source, Matrix destination)
    {
        for (var row = 0; row < source.Rows; row++)
        {
            for (var column = 0; column < source.Columns; column++)
            {
                destination.RowPointer(column)[row] = source.RowPointer(row)[column];
            }
        }
    }
}
