namespace Microsoft.ML.Lora;

/// <summary>What one rank for all adapted layers would cost.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Parameters">Trained numbers of the updates.</param>
/// <param name="OptimizerBytes">What the optimiser remembers of them, in bytes.</param>
/// <param name="FileBytes">Their part of adapter_model.safetensors in float32, in bytes, headers left out.</param>
/// <param name="ExtraFlops">Multiplications and additions of a forward pass for each that the base's linear layers take; a merged
/// model scores without them.</param>
public sealed record LoraRankCost(int Rank, long Parameters, long OptimizerBytes, long FileBytes, double ExtraFlops);
