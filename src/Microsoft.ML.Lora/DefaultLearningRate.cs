namespace Microsoft.ML.Lora;

/// <summary>The learning rate where the user gives none.</summary>
internal static class DefaultLearningRate
{
    // Steps of AdamW and Adafactor have the rate's own size; those of gradient descent that of the gradient, cut to length 1.
    private const float SgdFactor = 100;
    private const int LargeBase = 1024;

    /// <summary>What suits what is trained, how, and the base model's size.</summary>
    /// <param name="fineTuning">What is trained.</param>
    /// <param name="optimizer">How.</param>
    /// <param name="hiddenSize">The base model's width.</param>
    /// <param name="ofUpdates">What suits low-rank updates under AdamW.</param>
    public static float Of(LoraFineTuning fineTuning, LoraOptimizer optimizer, int hiddenSize, float ofUpdates)
    {
        float rate = fineTuning switch
        {
            LoraFineTuning.HeadOnly => 1e-2f,
            LoraFineTuning.Full => hiddenSize < LargeBase ? 5e-5f : 2e-5f,
            _ => ofUpdates,
        };
        return optimizer == LoraOptimizer.Sgd ? SgdFactor * rate : rate;
    }
}
