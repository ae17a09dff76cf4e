namespace Microsoft.ML.Lora.Optimization;

/// <summary>The ways to update parameters.</summary>
internal enum OptimizerKind
{
    /// <summary>Adam with decoupled weight decay.</summary>
    AdamW,

    /// <summary>Adam, weight decay being part of the gradient.</summary>
    Adam,

    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Adafactor, with the learning rate given.</summary>
    Adafactor,
}

/// <summary>How parameters are updated from gradients.</summary>
internal sealed record OptimizerSpec
{
    /// <summary>The optimiser; AdamW by default.</summary>
    public OptimizerKind Kind { get; init; } = OptimizerKind.AdamW;

    /// <summary>Share of the last step that SGD keeps, in [0, 1); 0.9 by default.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Decay of the mean of gradients, in [0, 1); 0.9 by default.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Decay of the mean of squared gradients, in [0, 1); 0.999 by default.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>What is added to the root of the mean square; 1e-8 by default.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>Decoupled weight decay, per unit of learning rate; 0.01 by default.</summary>
    public float WeightDecay { get; init; } = 0.01f;

    /// <summary>Whether vectors (biases, norms, magnitudes) decay as well; matrices alone by default.</summary>
    public bool DecayVectors { get; init; }

    /// <summary>The norm to which the whole gradient is cut; 0 for no cut; 1 by default.</summary>
    public float MaxGradientNorm { get; init; } = 1;

    /// <summary>How many times A's learning rate B's is (LoRA+, Hayou et al. 2024); 1 by default.</summary>
    public float LoraPlusRatio { get; init; } = 1;

    /// <summary>How many times the others' learning rate the head's is; 1 by default.</summary>
    public float HeadRatio { get; init; } = 1;
}
