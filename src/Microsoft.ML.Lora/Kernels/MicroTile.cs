namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// One call of a micro-kernel: C [rows, panel width] = bias + A [rows, K] · panel + tail [rows, TailK] · panel's tail +
/// addend, in this order.
/// </summary>
/// <remarks>Strides count bytes, so that an element type other than float changes no field.</remarks>
internal unsafe struct MicroTile
{
    /// <summary>First row of A; each lies <see cref="AStride"/> bytes after the one before.</summary>
    public byte* A;
    public nint AStride;

    /// <summary>From one k to the next: an element where A is read as it lies, a row where it is read transposed.</summary>
    public nint AStep;
    public nint K;

    /// <summary>First row of the tail, k by k floats; not read when <see cref="TailK"/> is 0.</summary>
    public byte* Tail;
    public nint TailStride;
    public nint TailK;

    /// <summary>Panel rows for A, <see cref="PanelStride"/> bytes apart: the panel's width when it is packed.</summary>
    public byte* Panel;
    public nint PanelStride;

    /// <summary>
    /// Where a panel of 16-bit numbers is written as floats on the way, row after row, for the tiles that follow; null for nowhere.
    /// </summary>
    public byte* Widened;

    /// <summary>Panel rows for the tail, always floats and packed.</summary>
    public byte* TailPanel;

    /// <summary>
    /// Where what is to come to the second-level cache meanwhile starts: the next tile's A, or a share of the next panel. Null for
    /// nothing.
    /// </summary>
    public byte* Prefetch;

    /// <summary>Cache lines asked for at a time, <see cref="PrefetchStride"/> bytes apart.</summary>
    public int PrefetchLines;
    public nint PrefetchStride;

    /// <summary>From the lines of one time to those of the next, in bytes; a time comes whenever k has no bit of the mask.</summary>
    public nint PrefetchStep;
    public int PrefetchMask;

    /// <summary>First row of C.</summary>
    public byte* C;
    public nint CStride;

    /// <summary>One row that every row of C starts from, or null.</summary>
    public byte* Bias;

    /// <summary>First row of what is added last, C itself to accumulate, or null.</summary>
    public byte* Addend;
    public nint AddendStride;

    /// <summary>First row of what is read or written after the tile, to be near by then, or null.</summary>
    public byte* Beside;
    public nint BesideStride;

    /// <summary>Rows of C, addend and beside that are asked for already; a micro-kernel asks for the others and counts them.</summary>
    public int Fetched;

    /// <summary>Moves on by so many rows; what is absent has a stride of 0 and stays so.</summary>
    public void NextRows(nint rows)
    {
        A += rows * AStride;
        Tail += rows * TailStride;
        C += rows * CStride;
        Addend += rows * AddendStride;
        Beside += rows * BesideStride;
    }
}
