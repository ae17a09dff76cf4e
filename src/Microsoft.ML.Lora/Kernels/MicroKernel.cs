namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// The innermost loop of a product: functions that compute a tile of 1 to <see cref="MaxRows"/> rows by one panel.
/// </summary>
/// <remarks>
/// A table of function pointers over packed panels, nothing more: an implementation may be a method, or code emitted at
/// run time, over floats or over another element type.
/// </remarks>
internal sealed unsafe class MicroKernel
{
    private readonly nint[] _byRows;

    /// <param name="panelWidth">Columns of a panel.</param>
    /// <param name="element">What a panel holds.</param>
    /// <param name="byRows">Entry i is the address of a <c>void (MicroTile*)</c> that computes i + 1 rows.</param>
    public MicroKernel(int panelWidth, PanelElement element, nint[] byRows)
    {
        PanelWidth = panelWidth;
        Element = element;
        _byRows = byRows;
    }

    public int PanelWidth { get; }

    public PanelElement Element { get; }

    public int MaxRows => _byRows.Length;

    public void Run(int rows, MicroTile* tile) => ((delegate*<MicroTile*, void>)_byRows[rows - 1])(tile);
}

/// <summary>The number format of a packed panel.</summary>
internal enum PanelElement
{
    Float32,
}
