using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>Linear layers of a base, made up.</summary>
internal static class TestLayers
{
    /// <summary>A frozen layer whose weight [out, in] is normal, and whose bias is zero.</summary>
    public static FrozenLinear Random(string name, int inFeatures, int outFeatures)
    {
        var weight = new float[inFeatures * outFeatures];
        new RandomStream(1, name).FillNormal(weight, 1);
        return Of(name, inFeatures, outFeatures, weight);
    }

    /// <summary>A frozen layer with that weight [out, in].</summary>
    public static FrozenLinear Of(string name, int inFeatures, int outFeatures, float[] weight)
    {
        var memory = MappedMemory.FromArray(MemoryMarshal.AsBytes<float>(weight).ToArray());
        var stored = new StoredTensor(name + ".weight", StorageType.F32, [outFeatures, inFeatures], "test", memory, 0);
        return new FrozenLinear(name, stored, new float[outFeatures]);
    }

    /// <summary>The weight a layer packs, amendments included [out, in].</summary>
    public static float[] WeightOf(FrozenLinear layer)
    {
        using var buffer = new AlignedBuffer((long)layer.OutFeatures * layer.InFeatures);
        Matrix rows = buffer.AsMatrix(layer.OutFeatures, layer.InFeatures);
        layer.ReadRows(0, rows);
        return rows.Span.ToArray();
    }
}
