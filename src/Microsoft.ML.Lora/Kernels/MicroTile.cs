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
    public nint K;

    /// <summary>First row of the tail; not read when <see cref="TailK"/> is 0.</summary>
    public byte* Tail;
    public nint TailStride;
    public nint TailK;

    /// <summary>Panel rows for A.</summary>
    public byte* Panel;

    /// <summary>Panel rows for the tail.</summary>
    public byte* TailPanel;

    /// <summary>First row of C.</summary>
    public byte* C;
    public nint CStride;

    /// <summary>One row that every row of C starts from, or null.</summary>
    public byte* Bias;

    /// <summary>First row of what is added last, C itself to accumulate, or null.</summary>
    public byte* Addend;
    public nint AddendStride;
}
