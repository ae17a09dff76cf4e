namespace Microsoft.ML.Lora;

/// <summary>One step of a search for a learning rate.</summary>
/// <param name="LearningRate">The rate of the step.</param>
/// <param name="Loss">The step's mean training loss, before its update.</param>
/// <param name="SmoothedLoss">The loss with the differences between batches taken out, averaged over about ten steps: the curve
/// to look at.</param>
public sealed record LoraLearningRatePoint(float LearningRate, double Loss, double SmoothedLoss);
