using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>A checkpoint with trained tensors in place of its own: heads, saved modules, biases.</summary>
internal sealed class OverlaidWeights(WeightSource below, AdapterState state) : WeightSource
{
    /// <inheritdoc/>
    public override string Description => below.Description;

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Names => [.. below.Names.Union(state.Names)];

    /// <inheritdoc/>
    public override StoredTensor? Find(string name)
    {
        AdapterTensor? tensor = state.Find(name);
        if (tensor is null)
        {
            return below.Find(name);
        }

        var memory = MappedMemory.FromArray(MemoryMarshal.AsBytes<float>(tensor.Values).ToArray());
        return new StoredTensor(
            name, StorageType.F32, [.. tensor.Shape.Select(size => (long)size)], "the adapter", memory, 0);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => below.Dispose();
}
