namespace Microsoft.ML.Lora.Optimization.Losses;

/// <summary>What one example should have given.</summary>
/// <param name="ClassIndex">The class, for classification.</param>
/// <param name="Real">The number, for regression.</param>
/// <param name="Labels">For each output 1 where it applies and 0 where not, for labels that do not exclude each other.</param>
internal readonly record struct Target(int ClassIndex, float Real, float[]? Labels = null);

/// <summary>What the outputs are compared with.</summary>
internal enum LossKind
{
    /// <summary>Cross-entropy over the outputs' softmax against a class.</summary>
    CrossEntropy,

    /// <summary>Cross-entropy that counts well-classified examples less (Lin et al. 2017).</summary>
    Focal,

    /// <summary>Cross-entropy of each output's sigmoid, for labels that do not exclude each other.</summary>
    BinaryCrossEntropy,

    /// <summary>Squared error of one output against a number.</summary>
    MeanSquaredError,
}

/// <summary>The loss a task asks for.</summary>
internal sealed record LossSpec
{
    /// <summary>The kind; cross-entropy by default.</summary>
    public LossKind Kind { get; init; } = LossKind.CrossEntropy;

    /// <summary>Weights of the classes, or null; the mean then is over these weights, as PyTorch's is.</summary>
    public float[]? ClassWeights { get; init; }

    /// <summary>Share of the target spread evenly over all classes, in [0, 1); 0 by default.</summary>
    public float LabelSmoothing { get; init; }

    /// <summary>Focal loss's exponent of (1 - p), 0 or more; 2 by default.</summary>
    public float FocalGamma { get; init; } = 2;
}

/// <summary>A loss of one example: its value and its gradient, in one call.</summary>
internal abstract class Loss
{
    private static readonly Dictionary<LossKind, Func<LossSpec, Loss>> _losses = new()
    {
        [LossKind.CrossEntropy] = spec => new CrossEntropyLoss(spec.ClassWeights, spec.LabelSmoothing),
        [LossKind.Focal] = spec => new FocalLoss(spec.ClassWeights, spec.FocalGamma),
        [LossKind.BinaryCrossEntropy] = _ => new BinaryCrossEntropyLoss(),
        [LossKind.MeanSquaredError] = _ => new MeanSquaredErrorLoss(),
    };

    /// <summary>The loss that is asked for.</summary>
    public static Loss Create(LossSpec spec) => _losses[spec.Kind](spec);

    /// <summary>The share an example has in a batch's mean before its own weight; the class's weight, or 1.</summary>
    public virtual float Weight(Target target) => 1;

    /// <summary>The loss of one example, not yet weighted.</summary>
    /// <param name="outputs">The example's outputs.</param>
    /// <param name="target">What they should have been.</param>
    /// <param name="scale">What the gradient is multiplied by: the example's share in the batch's mean.</param>
    /// <param name="gradient">Receives scale · d loss / d outputs.</param>
    public abstract double Evaluate(ReadOnlySpan<float> outputs, Target target, float scale, Span<float> gradient);

    /// <summary>ln Σ exp(outputs), without overflow.</summary>
    protected static double LogSumExp(ReadOnlySpan<float> outputs)
    {
        double max = double.NegativeInfinity;
        foreach (float output in outputs)
        {
            max = Math.Max(max, output);
        }

        double sum = 0;
        foreach (float output in outputs)
        {
            sum += Math.Exp(output - max);
        }

        return max + Math.Log(sum);
    }
}
