namespace Microsoft.ML.Lora.Training;

/// <summary>What one epoch gave.</summary>
/// <param name="Epoch">Its number, from 1.</param>
/// <param name="Loss">Mean training loss over its examples.</param>
/// <param name="Validation">Its validation score; null without validation data.</param>
/// <param name="Seconds">Time it took, validation included.</param>
internal sealed record EpochRecord(int Epoch, double Loss, ValidationScore? Validation, double Seconds);
