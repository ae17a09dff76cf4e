using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// Which elements dropout keeps, as a function of (key, row, column): recomputed wherever it is needed, never stored.
/// </summary>
/// <remarks>
/// A kept element is multiplied by 1 / (1 − probability), a dropped one by 0. <c>default</c> drops nothing. Rows are
/// counted over the whole batch, so a shard passes the number of its first row and gets the batch's mask.
/// </remarks>
internal readonly struct DropoutMask
{
    /// <summary>The mask of a stream, e.g. forked from seed, step and layer.</summary>
    /// <param name="stream">Where the bits come from.</param>
    /// <param name="probability">Share of elements dropped, in [0, 1).</param>
    /// <param name="firstRow">The batch-wide number of row 0 of the matrix this is applied to.</param>
    public DropoutMask(RandomStream stream, float probability, int firstRow = 0)
        : this(stream.Key, probability, firstRow)
    {
    }

    private DropoutMask(ulong key, float probability, int firstRow)
    {
        if (!(probability >= 0 && probability < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "Dropout lies in [0, 1).");
        }

        Key = key;
        Probability = probability;
        FirstRow = firstRow;
    }

    public ulong Key { get; }

    public float Probability { get; }

    public int FirstRow { get; }

    public bool IsEmpty => Probability == 0;

    /// <summary>What a kept element is multiplied by.</summary>
    public float KeepScale => 1 / (1 - Probability);

    /// <summary>A hash below this drops its element.</summary>
    internal uint Threshold => (uint)(Probability * 4294967296.0);

    /// <summary>The same mask seen from a matrix that starts <paramref name="rows"/> rows further down.</summary>
    public DropoutMask Offset(int rows) => IsEmpty ? this : new(Key, Probability, FirstRow + rows);

    /// <summary>The factor of one element: 0 or <see cref="KeepScale"/>.</summary>
    public float Factor(int row, int column) =>
        IsEmpty ? 1 : Hash(RowKey(row), (uint)column) < Threshold ? 0 : KeepScale;

    internal uint RowKey(int row)
    {
        var x = Key + ((ulong)(uint)(FirstRow + row) * 0x9E3779B97F4A7C15);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return (uint)(x >> 32);
    }

    internal static uint Hash(uint rowKey, uint column)
    {
        var x = column * 0x9E3779B9 + rowKey;
        x = (x ^ (x >> 16)) * 0x85EBCA6B;
        x = (x ^ (x >> 13)) * 0xC2B2AE35;
        return x ^ (x >> 16);
    }
}
