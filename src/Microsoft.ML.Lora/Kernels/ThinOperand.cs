using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The right operand B [K, N] of a <see cref="ThinProduct"/>: column after column, so that both operands are read along K.</summary>
/// <remarks>
/// K is cut into even blocks; a block's columns lie one after the other, each filled up with zeros to whole vectors, and so do the
/// blocks. Columns are filled up to a multiple of four. Packing is not thread-safe; reading is.
/// </remarks>
internal sealed unsafe class ThinOperand : IDisposable
{
    // Eight columns of a block are 24 KiB: they stay in a first-level cache while rows of the left operand pass.
#if DEBUG
    private const int MostOfK = 32;
#else
    private const int MostOfK = 768;
#endif
    private const int WidestVector = 16;

    private readonly AlignedBuffer _data;

    /// <summary>A zero operand.</summary>
    /// <param name="k">Rows.</param>
    /// <param name="n">Columns.</param>
    public ThinOperand(int k, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        K = k;
        N = n;
        Blocks = (k + MostOfK - 1) / MostOfK;
        BlockRows = RoundUp((k + Blocks - 1) / Blocks, WidestVector);
        PaddedColumns = RoundUp(n, 4);
        _data = new AlignedBuffer((long)Blocks * BlockRows * PaddedColumns);
    }

    public int K { get; }

    public int N { get; }

    /// <summary>N and the zero columns after it.</summary>
    public int PaddedColumns { get; }

    /// <summary>Blocks that K is cut into.</summary>
    public int Blocks { get; }

    /// <summary>Rows of B a block has, zeros included: from one of its columns to the next.</summary>
    public int BlockRows { get; }

    /// <summary>B = rows.</summary>
    /// <param name="rows">[K, N].</param>
    public void Pack(Matrix rows)
    {
        Check(rows.Rows, rows.Columns);
        for (var block = 0; block < Blocks; block++)
        {
            var count = Count(block);
            Transpose.Run(
                rows.SliceRows(block * BlockRows, count), new Matrix(Column(block, 0), N, count, BlockRows));
        }
    }

    /// <summary>B = rowsᵀ.</summary>
    /// <param name="rows">[N, K].</param>
    public void PackTransposed(Matrix rows)
    {
        Check(rows.Columns, rows.Rows);
        for (var block = 0; block < Blocks; block++)
        {
            var count = Count(block);
            rows.SliceColumns(block * BlockRows, count).CopyTo(new Matrix(Column(block, 0), N, count, BlockRows));
        }
    }

    public void Dispose() => _data.Dispose();

    /// <summary>The rows of B that a block really has.</summary>
    internal int Count(int block) => Math.Min(BlockRows, K - (block * BlockRows));

    /// <summary>A block's part of a column.</summary>
    internal float* Column(int block, int column) => _data.Pointer + ((((long)block * PaddedColumns) + column) * BlockRows);

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private void Check(int k, int n)
    {
        if (k != K || n != N)
        {
            throw new ArgumentException($"[{k}, {n}] does not fill an operand of [{K}, {N}].");
        }
    }
}
