namespace Microsoft.ML.Lora.Kernels;

/// <summary>One AdamW update of a run of parameters.</summary>
/// <remarks>
/// Loshchilov, Hutter: Decoupled weight decay regularization (2019), in PyTorch's order: p −= lr · decay · p;
/// m = β1·m + (1 − β1)·g; v = β2·v + (1 − β2)·g²; p −= lr · (m / (1 − β1ᵗ)) / (√(v / (1 − β2ᵗ)) + eps).
/// </remarks>
internal static class AdamWKernel
{
    /// <summary>Updates parameters and both moments in place.</summary>
    /// <param name="parameters">p.</param>
    /// <param name="gradient">g before <paramref name="gradientScale"/>.</param>
    /// <param name="firstMoment">m.</param>
    /// <param name="secondMoment">v.</param>
    /// <param name="gradientScale">Multiplies the gradient: clipping, averaging.</param>
    /// <param name="update">Rates of this step.</param>
    public static void Step(
        Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> firstMoment, Span<float> secondMoment,
        float gradientScale, in AdamWUpdate update)
    {
        for (var i = 0; i < parameters.Length; i++)
        {
            var g = gradient[i] * gradientScale;
            var m = (update.Beta1 * firstMoment[i]) + ((1 - update.Beta1) * g);
            var v = (update.Beta2 * secondMoment[i]) + ((1 - update.Beta2) * g * g);
            firstMoment[i] = m;
            secondMoment[i] = v;
            parameters[i] = (parameters[i] * (1 - (update.LearningRate * update.WeightDecay)))
                - (update.StepSize * m / ((MathF.Sqrt(v) * update.InverseRootCorrection2) + update.Epsilon));
        }
    }
}

/// <summary>The rates of one AdamW step, bias corrections included.</summary>
internal readonly record struct AdamWUpdate
{
    /// <summary>Rates of step <paramref name="step"/>, counted from 1.</summary>
    public AdamWUpdate(
        float learningRate, float weightDecay, int step, float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-8f)
    {
        LearningRate = learningRate;
        WeightDecay = weightDecay;
        Beta1 = beta1;
        Beta2 = beta2;
        Epsilon = epsilon;
        StepSize = (float)(learningRate / (1 - Math.Pow(beta1, step)));
        InverseRootCorrection2 = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));
    }

    public float LearningRate { get; }

    public float WeightDecay { get; }

    public float Beta1 { get; }

    public float Beta2 { get; }

    public float Epsilon { get; }

    /// <summary>Learning rate ÷ (1 − β1ᵗ).</summary>
    public float StepSize { get; }

    /// <summary>1 ÷ √(1 − β2ᵗ).</summary>
    public float InverseRootCorrection2 { get; }
}
