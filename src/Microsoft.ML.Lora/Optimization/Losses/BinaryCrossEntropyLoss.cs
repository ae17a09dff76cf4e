namespace Microsoft.ML.Lora.Optimization.Losses;

/// <summary>
/// For labels that do not exclude each other: the mean over outputs z of −t·ln σ(z) − (1 − t)·ln(1 − σ(z)). Its gradient is
/// (σ(z) − t) / number of outputs.
/// </summary>
internal sealed class BinaryCrossEntropyLoss : Loss
{
    /// <inheritdoc/>
    public override double Evaluate(ReadOnlySpan<float> outputs, Target target, float scale, Span<float> gradient)
    {
        float[] labels = target.Labels!;
        double loss = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            double z = outputs[i];
            double label = labels[i];

            // ln(1 + exp(−|z|)) never overflows: −t·ln σ(z) − (1 − t)·ln(1 − σ(z)) = max(z, 0) − t·z + ln(1 + exp(−|z|)).
            loss += Math.Max(z, 0) - (label * z) + Math.Log(1 + Math.Exp(-Math.Abs(z)));
            double probability = 1 / (1 + Math.Exp(-z));
            gradient[i] = (float)(scale * (probability - label) / outputs.Length);
        }

        return loss / outputs.Length;
    }
}
