using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// The right operand B [K + tail, N] of a product, packed once in the order a micro-kernel reads it. The tail rows carry a low-rank
/// update that changes with every step.
/// </summary>
/// <remarks>
/// Panels follow each other; one is [K, width] elements, row after row, and [TailCapacity, width] floats of the tail elsewhere. All
/// panels have the widest micro-kernel's width but those of the last columns, which take the narrowest that hold them, so that 8
/// columns do not cost the time of 32. Columns past N are zero. Packing is not thread-safe; reading is.
/// </remarks>
internal sealed unsafe class PackedMatrix : IDisposable
{
    private readonly AlignedBuffer _data;
    private readonly AlignedBuffer _tail;
    private readonly bool _ownsData = true;

    /// <summary>A zero operand of <paramref name="k"/> rows and <paramref name="n"/> columns, with room for a tail.</summary>
    /// <param name="k">Rows.</param>
    /// <param name="n">Columns.</param>
    /// <param name="tailCapacity">The most rows a tail may have.</param>
    /// <param name="element">What the rows are kept in; a narrow one takes only numbers that it holds exactly.</param>
    public PackedMatrix(int k, int n, int tailCapacity = 0, PanelElement element = PanelElement.Float32)
        : this(k, n, tailCapacity, element, MicroKernels.Of(KernelSelector.Current))
    {
    }

    internal PackedMatrix(int k, int n, int tailCapacity, PanelElement element, ReadOnlySpan<MicroKernel> kernels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(tailCapacity);
        K = k;
        N = n;
        TailCapacity = tailCapacity;
        Element = element;
        Panels = Split(n, kernels);
        _data = new AlignedBuffer(((k * PaddedColumns * ElementBytes) + sizeof(float) - 1) / sizeof(float));
        _tail = new AlignedBuffer(tailCapacity * PaddedColumns);
    }

    /// <summary>An operand with the rows of another, which has to outlive it, and a tail of its own.</summary>
    /// <param name="rows">Whose rows.</param>
    /// <param name="tailCapacity">The most rows the tail may have.</param>
    public PackedMatrix(PackedMatrix rows, int tailCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tailCapacity);
        K = rows.K;
        N = rows.N;
        TailCapacity = tailCapacity;
        Element = rows.Element;
        Panels = rows.Panels;
        _data = rows._data;
        _ownsData = false;
        _tail = new AlignedBuffer(tailCapacity * PaddedColumns);
    }

    public int K { get; }

    public int N { get; }

    /// <summary>The most rows a tail may have.</summary>
    public int TailCapacity { get; }

    /// <summary>What the rows are kept in.</summary>
    public PanelElement Element { get; }

    /// <summary>What the product after this one reads, asked for at the end of this one where rows are few; null for nothing.</summary>
    public PackedMatrix? Next { get; set; }

    internal PackedPanel[] Panels { get; }

    internal int ElementBytes => Element == PanelElement.Float32 ? sizeof(float) : sizeof(ushort);

    private long PaddedColumns => Panels.Length == 0 ? 0 : Panels[^1].FirstColumn + Panels[^1].Width;

    /// <summary>B[firstRow + i, n] = rows[i, n].</summary>
    public void PackRows(int firstRow, Matrix rows)
    {
        Check(rows.Columns, N, firstRow + rows.Rows, K, nameof(rows));
        foreach (var panel in Panels)
        {
            for (var row = 0; row < rows.Rows; row++)
            {
                Write(rows.RowPointer(row) + panel.FirstColumn, Row(panel, firstRow + row), panel.Columns);
            }
        }
    }

    /// <summary>B[k, firstColumn + i] = rows[i, k]: a weight [out, in] as the forward operand, K = in, N = out.</summary>
    public void PackTransposedRows(int firstColumn, Matrix rows)
    {
        Check(rows.Columns, K, firstColumn + rows.Rows, N, nameof(rows));
        using var aside = Element == PanelElement.Float32 || Panels.Length == 0
            ? null
            : new AlignedBuffer((long)K * Panels[0].Width);
        foreach (var panel in Panels)
        {
            var from = Math.Max(panel.FirstColumn, firstColumn);
            var count = Math.Min(panel.FirstColumn + panel.Columns, firstColumn + rows.Rows) - from;
            if (count > 0)
            {
                Transposed(panel, rows.SliceRows(from - firstColumn, count), from - panel.FirstColumn, aside);
            }
        }
    }

    /// <summary>B[K + r, n] = tail[r, n].</summary>
    public void SetTail(Matrix tail)
    {
        Check(tail.Columns, N, tail.Rows, TailCapacity, nameof(tail));
        foreach (var panel in Panels)
        {
            for (var row = 0; row < tail.Rows; row++)
            {
                tail[row].Slice(panel.FirstColumn, panel.Columns).CopyTo(
                    new Span<float>(Tail(panel) + ((long)row * panel.Width), panel.Columns));
            }
        }
    }

    /// <summary>B[K + r, n] = tail[n, r].</summary>
    public void SetTailTransposed(Matrix tail)
    {
        Check(tail.Rows, N, tail.Columns, TailCapacity, nameof(tail));
        foreach (var panel in Panels)
        {
            Transpose.Run(
                tail.SliceRows(panel.FirstColumn, panel.Columns),
                new Matrix(Tail(panel), tail.Columns, panel.Columns, panel.Width));
        }
    }

    public void Dispose()
    {
        if (_ownsData)
        {
            _data.Dispose();
        }

        _tail.Dispose();
    }

    /// <summary>A panel's row <paramref name="k"/>.</summary>
    internal byte* Row(in PackedPanel panel, int k) =>
        (byte*)_data.Pointer + ((((long)panel.FirstColumn * K) + ((long)k * panel.Width)) * ElementBytes);

    /// <summary>Where a panel's rows from <paramref name="k"/> on lie, at most <paramref name="count"/>, and their bytes.</summary>
    internal (nint First, long Bytes) Rows(int panel, int k, int count) =>
        ((nint)Row(Panels[panel], k), (long)Math.Min(count, K - k) * Panels[panel].Width * ElementBytes);

    /// <summary>A panel's part of the tail.</summary>
    internal float* Tail(in PackedPanel panel) => _tail.Pointer + ((long)panel.FirstColumn * TailCapacity);

    private static PackedPanel[] Split(int n, ReadOnlySpan<MicroKernel> kernels)
    {
        var panels = new List<PackedPanel>();
        for (var first = 0; first < n;)
        {
            var pick = 0;
            while (pick + 1 < kernels.Length && n - first <= kernels[pick + 1].PanelWidth)
            {
                pick++;
            }

            panels.Add(new PackedPanel(first, Math.Min(kernels[pick].PanelWidth, n - first), kernels[pick]));
            first += kernels[pick].PanelWidth;
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

    private void Transposed(in PackedPanel panel, Matrix rows, int column, AlignedBuffer? aside)
    {
        if (aside is null)
        {
            Transpose.Run(rows, new Matrix((float*)Row(panel, 0) + column, K, rows.Rows, panel.Width));
            return;
        }

        var transposed = aside.AsMatrix(K, rows.Rows);
        Transpose.Run(rows, transposed);
        for (var k = 0; k < K; k++)
        {
            Write(transposed.RowPointer(k), Row(panel, k) + (column * ElementBytes), rows.Rows);
        }
    }

    private void Write(float* source, byte* target, int count)
    {
        switch (Element)
        {
            case PanelElement.Float16:
                ShortFloat.Narrow(source, (ushort*)target, count);
                break;
            case PanelElement.BFloat16:
                for (var i = 0; i < count; i++)
                {
                    ((ushort*)target)[i] = (ushort)(BitConverter.SingleToUInt32Bits(source[i]) >> 16);
                }

                break;
            default:
                new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(target, count));
                break;
        }
    }
}

/// <summary>One panel of a <see cref="PackedMatrix"/>.</summary>
/// <param name="FirstColumn">Of B.</param>
/// <param name="Columns">Real ones; the rest of the width is zero.</param>
/// <param name="Kernel">Computes with it.</param>
internal readonly record struct PackedPanel(int FirstColumn, int Columns, MicroKernel Kernel)
{
    public int Width => Kernel.PanelWidth;
}
