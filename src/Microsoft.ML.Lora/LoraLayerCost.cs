namespace Microsoft.ML.Lora;

/// <summary>What the update of one layer costs.</summary>
/// <param name="Name">The layer's path in the base model's checkpoint.</param>
/// <param name="InputSize">Number of inputs.</param>
/// <param name="OutputSize">Number of outputs.</param>
/// <param name="Rank">Rank r of the update.</param>
/// <param name="TrainableParameters">Trained numbers: r·(inputs + outputs), and with DoRA the outputs' lengths.</param>
public sealed record LoraLayerCost(string Name, int InputSize, int OutputSize, int Rank, long TrainableParameters)
{
    /// <summary>Numbers in the pretrained weight W₀: inputs · outputs.</summary>
    public long BaseParameters => (long)InputSize * OutputSize;

    /// <summary>Trained numbers for each of W₀'s.</summary>
    public double Share => (double)TrainableParameters / BaseParameters;
}
