using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// The file of an output layer beside its encoder's adapter, or beside the merged encoder: <c>weight</c> [outputs, hidden] and
/// <c>bias</c> [outputs]; labels, pooling and the longest input in its metadata.
/// </summary>
internal static class PeftHeadFile
{
    /// <summary>The file's name.</summary>
    public const string Name = "classification_head.safetensors";

    private const string Pooling = "pooling";
    private const string Mean = "mean";
    private const string FirstToken = "cls";

    /// <summary>Writes the file.</summary>
    public static void Write(Stream stream, PeftHead head)
    {
        var metadata = PeftMetadata.Of(head.Labels, head.MaxTokens);
        metadata[Pooling] = head.ReadsMean ? Mean : FirstToken;
        SafetensorsWriter.Write(
            stream,
            [head.State["classifier.weight"].ToWrite("weight"), head.State["classifier.bias"].ToWrite("bias")],
            metadata);
    }

    /// <summary>Reads the layer into the state of its encoder's adapter.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing.</exception>
    public static void ReadTensors(WeightSource head, AdapterState state)
    {
        foreach (var name in (string[])["weight", "bias"])
        {
            if (head.Find(name) is not { } tensor || !tensor.Type.IsFloat() || tensor.ElementCount > Array.MaxLength)
            {
                throw new InvalidDataException($"'{head.Description}': the tensor {Throw.Quote(name)} of numbers is missing.");
            }

            state["classifier." + name] = AdapterTensor.Of(tensor);
        }
    }

    /// <summary>Whether the layer reads the mean of the last states, rather than the first token's.</summary>
    /// <exception cref="InvalidDataException">The file says neither.</exception>
    public static bool ReadsMean(WeightSource head)
    {
        var pooling = head.Metadata.GetValueOrDefault(Pooling, Mean);
        if (pooling is not (Mean or FirstToken))
        {
            Throw.InvalidData_File(
                head.Description, $"'{Pooling}' of the metadata is {Throw.Quote(pooling)}; '{Mean}' and '{FirstToken}' are known.");
        }

        return pooling == Mean;
    }
}
