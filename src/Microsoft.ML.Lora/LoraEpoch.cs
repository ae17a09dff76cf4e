namespace Microsoft.ML.Lora;

/// <summary>What one epoch of a training run gave.</summary>
/// <param name="Epoch">Its number, from 1.</param>
/// <param name="Loss">Mean training loss over its examples.</param>
/// <param name="ValidationLoss">Mean loss over the validation examples; null when there were none.</param>
/// <param name="ValidationAccuracy">Share of the validation examples classified right, 0 to 1; null when there were none.</param>
/// <param name="ValidationMacroF1">Mean F1 of the classes, 0 to 1; null when there were none.</param>
/// <param name="ValidationMatthewsCorrelation">Matthews correlation coefficient, −1 to 1; null when there were none.</param>
/// <param name="Seconds">Time the epoch took, validation included.</param>
public sealed record LoraEpoch(
    int Epoch, double Loss, double? ValidationLoss, double? ValidationAccuracy, double? ValidationMacroF1,
    double? ValidationMatthewsCorrelation, double Seconds);
