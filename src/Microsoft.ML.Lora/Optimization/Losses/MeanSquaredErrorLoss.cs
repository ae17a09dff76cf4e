namespace Microsoft.ML.Lora.Optimization.Losses;

/// <summary>The square of output − target, for one output.</summary>
internal sealed class MeanSquaredErrorLoss : Loss
{
    /// <inheritdoc/>
    public override double Evaluate(ReadOnlySpan<float> outputs, Target target, float scale, Span<float> gradient)
    {
        double difference = (double)outputs[0] - target.Real;
        gradient[0] = (float)(scale * 2 * difference);
        return difference * difference;
    }
}
