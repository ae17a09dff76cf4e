namespace Microsoft.ML.Lora.Training;

/// <summary>What a head is to be fitted as.</summary>
/// <param name="Classes">Number of classes.</param>
/// <param name="Width">Width of what the head's output layer reads.</param>
/// <param name="ClassWeights">Weights of the classes beside those of the examples; null for all alike.</param>
/// <param name="Threads">Threads to compute with; the result does not depend on them.</param>
internal sealed record HeadFit(int Classes, int Width, float[]? ClassWeights, int Threads);
