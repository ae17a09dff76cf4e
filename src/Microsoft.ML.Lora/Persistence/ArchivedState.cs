using System.Text.Json;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>The trained tensors of a model without low-rank updates in a safetensors file, under the names transformers gives them.</summary>
internal static class ArchivedState
{
    /// <summary>Writes the tensors.</summary>
    public static void Write(Stream stream, ModelContents model) => SafetensorsWriter.Write(
        stream,
        model.Adapter.Tensors.Select(tensor => tensor.Value.ToWrite(tensor.Key)),
        new Dictionary<string, string> { ["format"] = "pt", ["labels"] = JsonSerializer.Serialize(model.Labels.Names()) });

    /// <summary>Reads the tensors.</summary>
    /// <exception cref="InvalidDataException">The bytes are no safetensors file.</exception>
    public static AdapterState Read(byte[] bytes, string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(MappedMemory.FromArray(bytes), name);
        var state = new AdapterState();
        foreach (string tensorName in file.Names)
        {
            state[tensorName] = AdapterTensor.Of(file.Find(tensorName)!);
        }
        return state;
    }
}
