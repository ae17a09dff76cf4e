using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Optimization.Losses;

namespace Microsoft.ML.Lora.Providers;

/// <summary>What of the model is trained.</summary>
internal enum FineTuning
{
    /// <summary>Low-rank updates and the head.</summary>
    Lora,

    /// <summary>Everything.</summary>
    Full,

    /// <summary>The head alone.</summary>
    HeadOnly,
}

/// <summary>All that a provider needs to know to open a session.</summary>
internal sealed record SessionSpec
{
    /// <summary>The base model's files.</summary>
    public required BaseModelFiles Base { get; init; }

    /// <summary>What is held of the base for sessions that are open one after another; null for what goes with the session.</summary>
    public SharedBase? Shared { get; init; }

    /// <summary>What of the model is trained.</summary>
    public FineTuning FineTuning { get; init; } = FineTuning.Lora;

    /// <summary>What is adapted and how; of no meaning unless <see cref="FineTuning"/> is Lora.</summary>
    public AdapterConfig Adapter { get; init; } = new();

    /// <summary>The head.</summary>
    public required HeadSpec Head { get; init; }

    /// <summary>Share of the encoder's hidden states dropped while training, in [0, 1).</summary>
    public float HiddenDropout { get; init; }

    /// <summary>Share of the encoder's attention probabilities dropped while training, in [0, 1).</summary>
    public float AttentionDropout { get; init; }

    /// <summary>The loss.</summary>
    public LossSpec Loss { get; init; } = new();

    /// <summary>What is added to the loss for the size of low-rank updates; nothing by default.</summary>
    public PenaltySpec Penalty { get; init; }

    /// <summary>How parameters are updated.</summary>
    public OptimizerSpec Optimizer { get; init; } = new();

    /// <summary>Whether activations are computed a second time for the backward pass instead of being kept.</summary>
    public bool RecomputesActivations { get; init; }

    /// <summary>Where every random number comes from.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads to compute with; 0 for one per processor.</summary>
    public int Threads { get; init; }
}
