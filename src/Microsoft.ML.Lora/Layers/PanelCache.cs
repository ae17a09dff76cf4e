namespace Microsoft.ML.Lora.Layers;

/// <summary>Packed weights of a base, each held once, for models that are opened over it one after another.</summary>
/// <remarks>A weight that a model changes is that model's own: what is held of it goes, so that none is in memory twice.</remarks>
internal sealed class PanelCache : IDisposable
{
    private readonly Dictionary<string, WeightPanels> _held = [];

    /// <summary>
    /// A layer's weight, packed unless it was before, with room of the layer's own for a low-rank update; null where the layer
    /// changes the weight.
    /// </summary>
    /// <param name="layer">The layer; its name stands for its weight.</param>
    /// <param name="inputGradient">Whether a gradient will be asked for its input.</param>
    public WeightPanels? Open(FrozenLinear layer, bool inputGradient)
    {
        if (layer.Amendment is not null)
        {
            Drop(layer.Name);
            return null;
        }

        if (!_held.TryGetValue(layer.Name, out WeightPanels? weight))
        {
            weight = layer.Pack(0, inputGradient);
            _held.Add(layer.Name, weight);
        }
        else if (inputGradient && !weight.HasInputGradient)
        {
            weight.AddInputGradient(layer.VisitRows);
        }

        return new WeightPanels(weight, layer.TailCapacity, inputGradient);
    }

    /// <summary>Gives back what is held of a weight; no open model may use it.</summary>
    public void Drop(string name)
    {
        if (_held.Remove(name, out WeightPanels? weight))
        {
            weight.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (WeightPanels weight in _held.Values)
        {
            weight.Dispose();
        }

        _held.Clear();
    }
}
