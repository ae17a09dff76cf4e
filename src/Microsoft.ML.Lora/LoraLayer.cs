namespace Microsoft.ML.Lora;

/// <summary>A linear layer of the base model that has an adapter.</summary>
/// <param name="Name">Its path in the base model's checkpoint.</param>
/// <param name="InputSize">Number of inputs.</param>
/// <param name="OutputSize">Number of outputs.</param>
/// <param name="Rank">Rank of its update.</param>
public sealed record LoraLayer(string Name, int InputSize, int OutputSize, int Rank)
{
    /// <summary>Parameters of its update: rank · (inputs + outputs).</summary>
    public long Parameters => (long)Rank * (InputSize + OutputSize);
}
