namespace Microsoft.ML.Lora.Optimization;

/// <summary>What an optimiser remembers from step to step.</summary>
/// <param name="Steps">Number of updates made.</param>
/// <param name="Arrays">Its numbers by name, each a <c>float[]</c> or a <c>double[]</c>.</param>
internal sealed record OptimizerState(int Steps, IReadOnlyDictionary<string, Array> Arrays);
