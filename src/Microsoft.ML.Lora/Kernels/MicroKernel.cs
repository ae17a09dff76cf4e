namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// The innermost loop of a product: functions that compute a tile of 1 to <see cref="MaxRows"/> rows by one panel.
/// </summary>
/// <remarks>
/// Tables of function pointers over packed panels, nothing more: an implementation may be a method, or code emitted at
/// run time.
/// </remarks>
internal sealed unsafe class MicroKernel
{
    private readonly nint[][] _tables;

    /// <param name="panelWidth">Columns of a panel.</param>
    /// <param name="tables">
    /// One for each <see cref="PanelElement"/>, in its order; entry i is the address of a <c>void (MicroTile*)</c> that
    /// computes i + 1 rows.
    /// </param>
    public MicroKernel(int panelWidth, params nint[][] tables)
    {
        PanelWidth = panelWidth;
        _tables = tables;
    }

    public int PanelWidth { get; }

    public int MaxRows => _tables[0].Length;

    public void Run(int rows, MicroTile* tile) => Run(PanelElement.Float32, rows, tile);

    public void Run(PanelElement element, int rows, MicroTile* tile) =>
        ((delegate*<MicroTile*, void>)_tables[(int)element][rows - 1])(tile);
}
