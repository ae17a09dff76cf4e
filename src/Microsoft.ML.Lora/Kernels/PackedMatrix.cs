using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// The right operand B [K + tail, N] of a product, packed once in the order a micro-kernel reads it. The tail rows,
/// spare at the end of each panel, carry a low-rank update that changes with every step.
/// </summary>
/// <remarks>
/// Panels follow each other; one is [K + TailCapacity, width] floats, row after row. All panels have the widest
/// micro-kernel's width but those of the last columns, which take the narrowest that hold them, so that R = 8 columns do
/// not cost the time of 32. Columns past N are zero. Packing is not thread-safe; reading is.
/// </remarks>
internal sealed unsafe class PackedMatrix : IDisposable
{
    private readonly AlignedBuffer _data;

    /// <summary>A zero operand of <paramref name="k"/> rows and <paramref name="n"/> columns, with room for a tail.</summary>
    public PackedMatrix(int k, int n, int tailCapacity = 0)
        : this(k, n, tailCapacity, MicroKernels.Of(KernelSelector.Current))
    {
    }

    internal PackedMatrix(int k, int n, int tailCapacity, ReadOnlySpan<MicroKernel> kernels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(tailCapacity);
        K = k;
        N = n;
        TailCapacity = tailCapacity;
        Panels = Split(n, k + tailCapacity, kernels);
        var columns = Panels.Length == 0 ? 0 : Panels[^1].FirstColumn + Panels[^1].Width;
        _data = new AlignedBuffer((long)(k + tailCapacity) * columns);
    }

    public int K { get; }

    public int N { get; }

    /// <summary>The most rows a tail may have.</summary>
    public int TailCapacity { get; }

    internal PackedPanel[] Panels { get; }

    internal float* Data => _data.Pointer;

    /// <summary>B[firstRow + i, n] = rows[i, n].</summary>
    public void PackRows(int firstRow, Matrix rows)
    {
        Check(rows.Columns, N, firstRow + rows.Rows, K, nameof(rows));
        WriteRows(firstRow, rows);
    }

    /// <summary>B[k, firstColumn + i] = rows[i, k]: a weight [out, in] as the forward operand, K = in, N = out.</summary>
    public void PackTransposedRows(int firstColumn, Matrix rows)
    {
        Check(rows.Columns, K, firstColumn + rows.Rows, N, nameof(rows));
        WriteTransposed(0, firstColumn, rows);
    }

    /// <summary>B[K + r, n] = tail[r, n].</summary>
    public void SetTail(Matrix tail)
    {
        Check(tail.Columns, N, tail.Rows, TailCapacity, nameof(tail));
        WriteRows(K, tail);
    }

    /// <summary>B[K + r, n] = tail[n, r].</summary>
    public void SetTailTransposed(Matrix tail)
    {
        Check(tail.Rows, N, tail.Columns, TailCapacity, nameof(tail));
        WriteTransposed(K, 0, tail);
    }

    public void Dispose() => _data.Dispose();

    private static PackedPanel[] Split(int n, int rows, ReadOnlySpan<MicroKernel> kernels)
    {
        var panels = new List<PackedPanel>();
        for (var first = 0; first < n;)
        {
            var pick = 0;
            while (pick + 1 < kernels.Length && n - first <= kernels[pick + 1].PanelWidth)
            {
                pick++;
            }

            var width = kernels[pick].PanelWidth;
            panels.Add(new PackedPanel(first, Math.Min(width, n - first), (long)first * rows, kernels[pick]));
            first += width;
        }

        return [.. panels];
    }

    private static void Check(int size, int expected, int count, int capacity, string name)
    {
        if (size != expected || count > capacity)
        {
            throw new ArgumentException(
                $"A run of {count} by {size} does not fit an operand that takes {capacity} by {expected}.", name);
        }
    }

    private void WriteRows(int firstRow, Matrix rows)
    {
        foreach (var panel in Panels)
        {
            var target = Data + panel.Offset + ((long)firstRow * panel.Width);
            for (var row = 0; row < rows.Rows; row++)
            {
                rows[row].Slice(panel.FirstColumn, panel.Columns).CopyTo(new Span<float>(target, panel.Columns));
                target += panel.Width;
            }
        }
    }

    private void WriteTransposed(int firstRow, int firstColumn, Matrix rows)
    {
        foreach (var panel in Panels)
        {
            var from = Math.Max(panel.FirstColumn, firstColumn);
            var count = Math.Min(panel.FirstColumn + panel.Columns, firstColumn + rows.Rows) - from;
            if (count > 0)
            {
                var target = Data + panel.Offset + ((long)firstRow * panel.Width) + (from - panel.FirstColumn);
                Transpose.Run(
                    rows.SliceRows(from - firstColumn, count), new Matrix(target, rows.Columns, count, panel.Width));
            }
        }
    }
}

/// <summary>One panel of a <see cref="PackedMatrix"/>.</summary>
/// <param name="FirstColumn">Of B.</param>
/// <param name="Columns">Real ones; the rest of the width is zero.</param>
/// <param name="Offset">Of the panel's first float.</param>
/// <param name="Kernel">Computes with it.</param>
internal readonly record struct PackedPanel(int FirstColumn, int Columns, long Offset, MicroKernel Kernel)
{
    public int Width => Kernel.PanelWidth;
}
