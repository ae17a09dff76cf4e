namespace Microsoft.ML.Lora.Optimization.Losses;

/// <summary>
/// Focal loss −(1 − p)^γ · ln p of the class's probability p (Lin et al. 2017). With dp/dz = p·(onehot − softmax), its gradient is
/// (γ·(1 − p)^(γ−1)·p·ln p − (1 − p)^γ) · (onehot − softmax).
/// </summary>
internal sealed class FocalLoss(float[]? classWeights, float gamma) : Loss
{
    /// <inheritdoc/>
    public override float Weight(Target target) => classWeights?[target.ClassIndex] ?? 1;

    /// <inheritdoc/>
    public override double Evaluate(ReadOnlySpan<float> outputs, Target target, float scale, Span<float> gradient)
    {
        double logSum = LogSumExp(outputs);
        double logProbability = outputs[target.ClassIndex] - logSum;
        double probability = Math.Exp(logProbability);
        double rest = Math.Max(0, 1 - probability);
        double focus = Math.Pow(rest, gamma);

        // At rest = 0 the first term's limit is 0, while 0^(γ−1) is infinite below γ = 1.
        double turn = rest > 0 ? gamma * Math.Pow(rest, gamma - 1) * probability * logProbability : 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            double away = (i == target.ClassIndex ? 1 : 0) - Math.Exp(outputs[i] - logSum);
            gradient[i] = (float)(scale * (turn - focus) * away);
        }

        return -focus * logProbability;
    }
}
