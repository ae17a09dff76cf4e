using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>What one (sequence, head) of attention works on: pointers to its operands and scratch of one thread.</summary>
/// <remarks>
/// Keys and head size are padded to half the widest panel. Operands are read and results written where they lie when the
/// head size needs no padding; otherwise they pass through padded copies.
/// </remarks>
internal unsafe ref struct AttentionBlock
{
    /// <summary>Query rows at a time: four AVX-512 tiles; the scores of 512 keys then take 96 KiB.</summary>
    public const int QueryRows = 48;

    private float* _free;

    public ReadOnlySpan<MicroKernel> Kernels;
    public AttentionSpec Spec;
    public int Head;
    public int Size;
    public int PaddedSize;
    public int Keys;
    public int PaddedKeys;

    /// <summary>PaddedKeys floats: 0 for a key, −∞ for padding.</summary>
    public float* KeyMask;

    public AttentionBlock(in AttentionSpec spec, int head, int size, int keys, int copies, int scoreBlocks)
    {
        Kernels = MicroKernels.Of(KernelSelector.Current);
        Spec = spec;
        Head = head;
        Size = size;
        Keys = keys;
        var unit = Kernels[0].PanelWidth / 2;
        PaddedSize = Padded(size, unit);
        PaddedKeys = Padded(keys, unit);
        var floats = (long)PaddedKeys * ((scoreBlocks * QueryRows) + (copies * PaddedSize) + 1)
            + ((long)copies * QueryRows * PaddedSize);
        _free = Scratch.Floats(floats);
        KeyMask = Take(PaddedKeys);
        new Span<float>(KeyMask, keys).Clear();
        new Span<float>(KeyMask + keys, PaddedKeys - keys).Fill(float.NegativeInfinity);
    }

    public readonly bool IsPadded => PaddedSize != Size;

    public float* Take(int floats)
    {
        var taken = _free;
        _free += floats;
        return taken;
    }

    /// <summary>scale · sourceᵀ as [PaddedSize, PaddedKeys], padding zero.</summary>
    public float* Transposed(Matrix source, int firstRow, float scale)
    {
        var target = Take(PaddedSize * PaddedKeys);
        for (var d = 0; d < PaddedSize && PaddedKeys > Keys; d++)
        {
            new Span<float>(target + (d * PaddedKeys) + Keys, PaddedKeys - Keys).Clear();
        }

        Transpose.Run(
            source.RowPointer(firstRow) + (Head * Size), source.Stride, Keys, Size, target, PaddedKeys, scale);
        return target;
    }

    /// <summary>This head's columns of some rows, in a padded copy when the head size needs padding.</summary>
    public HeadRows Read(Matrix source, int firstRow, int rows)
    {
        var view = new HeadRows(source.RowPointer(firstRow) + (Head * Size), source.Stride);
        if (!IsPadded)
        {
            return view;
        }

        var copy = new HeadRows(Take(rows * PaddedSize), PaddedSize);
        new Span<float>(copy.Data, rows * PaddedSize).Clear();
        Copy(view, copy, rows);
        return copy;
    }

    /// <summary>Where to write this head's columns of some rows; <see cref="Finish"/> ends it.</summary>
    public HeadRows Write(Matrix destination, int firstRow, int rows) =>
        IsPadded
            ? new HeadRows(Take(rows * PaddedSize), PaddedSize)
            : new HeadRows(destination.RowPointer(firstRow) + (Head * Size), destination.Stride);

    public readonly void Finish(HeadRows written, Matrix destination, int firstRow, int rows)
    {
        if (IsPadded)
        {
            Copy(written, new HeadRows(destination.RowPointer(firstRow) + (Head * Size), destination.Stride), rows);
        }
    }

    /// <summary>C [m, n] = bias + A [m, k] · B [k, n].</summary>
    public readonly BlockProduct Product(int m, int n, int k) => new() { Kernels = Kernels, M = m, N = n, K = k };

    /// <summary>Adds the relative bias and the window to a block of scores.</summary>
    public readonly void AddBias(float* scores, int firstQuery, int rows)
    {
        var relative = Spec.Bias.Relative;
        for (var i = 0; i < rows && !Spec.Bias.IsEmpty; i++)
        {
            var row = scores + ((long)i * PaddedKeys);
            var place = firstQuery + i;
            for (var j = 0; j < Keys; j++)
            {
                if (Spec.Bias.Reach > 0 && Math.Abs(j - place) > Spec.Bias.Reach)
                {
                    row[j] = float.NegativeInfinity;
                }
                else if (!relative.IsEmpty)
                {
                    row[j] += relative.RowPointer(Head)[(relative.Columns / 2) + j - place];
                }
            }
        }
    }

    private static int Padded(int count, int unit) => (count + unit - 1) / unit * unit;

    private readonly void Copy(HeadRows from, HeadRows to, int rows)
    {
        for (var row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(from.Data + (row * from.Stride), Size)
                .CopyTo(new Span<float>(to.Data + (row * to.Stride), Size));
        }
    }
}

/// <summary>Rows of one head's columns.</summary>
internal readonly unsafe struct HeadRows(float* data, nint stride)
{
    public readonly float* Data = data;
    public readonly nint Stride = stride;
}
