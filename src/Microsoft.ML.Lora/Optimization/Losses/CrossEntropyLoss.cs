namespace Microsoft.ML.Lora.Optimization.Losses;

/// <summary>
/// Cross-entropy −Σ t·ln softmax(outputs), where t is 1 − ε at the class plus ε/K everywhere (ε: label smoothing). Its gradient is
/// softmax − t.
/// </summary>
internal sealed class CrossEntropyLoss(float[]? classWeights, float labelSmoothing) : Loss
{
    /// <inheritdoc/>
    public override float Weight(Target target) => classWeights?[target.ClassIndex] ?? 1;

    /// <inheritdoc/>
    public override double Evaluate(ReadOnlySpan<float> outputs, Target target, float scale, Span<float> gradient)
    {
        double logSum = LogSumExp(outputs);
        double spread = (double)labelSmoothing / outputs.Length;
        double loss = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            double share = spread + (i == target.ClassIndex ? 1 - labelSmoothing : 0);
            double logProbability = outputs[i] - logSum;
            loss -= share * logProbability;
            gradient[i] = (float)(scale * (Math.Exp(logProbability) - share));
        }

        return loss;
    }
}
