using Microsoft.ML.Lora.Layers;

namespace Microsoft.ML.Lora.Models;

/// <summary>
/// What models over one base have in common and nothing trains: its packed weights, and what its frozen layers make of each
/// example. It is held once for models that are open one after another, never two at a time.
/// </summary>
internal sealed class SharedBase : IDisposable
{
    /// <summary>The packed weights.</summary>
    public PanelCache Panels { get; } = new();

    /// <summary>The states of examples behind the frozen layers.</summary>
    public FrozenPrefix Prefix { get; } = new();

    /// <inheritdoc/>
    public void Dispose()
    {
        Panels.Dispose();
        Prefix.Dispose();
    }
}
