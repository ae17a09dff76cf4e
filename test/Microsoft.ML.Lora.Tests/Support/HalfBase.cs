using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>A base model's weights rounded to 16 bits and stored so, or as floats of the same values.</summary>
internal static class HalfBase
{
    /// <summary>Writes config.json and model.safetensors to a new folder.</summary>
    public static BaseModelFiles Write(string folder, string source, string storage, bool widened = false)
    {
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(folder, "config.json"));
        using WeightSource weights = BaseModelFiles.FromFolder(source).OpenWeights();
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            weights.Names.Select(name => Tensor(weights.Find(name)!, Enum.Parse<StorageType>(storage), widened)));
        return BaseModelFiles.FromFolder(folder);
    }

    private static TensorToWrite Tensor(StoredTensor tensor, StorageType storage, bool widened)
    {
        if (!tensor.Type.IsFloat())
        {
            return TensorToWrite.Copy(tensor);
        }

        ushort[] halves = Array.ConvertAll(tensor.ToArray(), value => storage == StorageType.F16
            ? BitConverter.HalfToUInt16Bits((Half)value)
            : (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        long[] shape = tensor.Shape.ToArray();
        return widened
            ? TensorToWrite.Floats(tensor.Name, shape, Array.ConvertAll(halves, bits => storage == StorageType.F16
                ? (float)BitConverter.UInt16BitsToHalf(bits)
                : BitConverter.UInt32BitsToSingle((uint)bits << 16)))
            : new TensorToWrite(
                tensor.Name, storage, shape, stream => stream.Write(MemoryMarshal.AsBytes<ushort>(halves)));
    }
}
