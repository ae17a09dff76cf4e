using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Optimization;

namespace Microsoft.ML.Lora.Providers;

/// <summary>What one step gave.</summary>
/// <param name="Loss">The examples' mean loss before the update.</param>
/// <param name="GradientNorm">The norm of the whole gradient before it was cut.</param>
/// <param name="Tokens">Number of tokens in the examples.</param>
internal readonly record struct StepResult(double Loss, double GradientNorm, int Tokens);

/// <summary>One adapted layer.</summary>
/// <param name="Name">The module path.</param>
/// <param name="Outputs">Rows of its weight.</param>
/// <param name="Inputs">Columns of its weight.</param>
/// <param name="Rank">Rank of its update.</param>
/// <param name="Scaling">Factor of its update.</param>
internal sealed record AdaptedLayer(string Name, int Outputs, int Inputs, int Rank, float Scaling);

/// <summary>Facts of a model.</summary>
/// <param name="TotalParameters">Numbers in the base, the adapters and the head.</param>
/// <param name="TrainableParameters">Those of them that are trained.</param>
/// <param name="AdaptedLayers">The layers with an adapter.</param>
/// <param name="ExportedAdapter">
/// The config under which exported tensors are read; that of the session, but for PiSSA and OLoRA, which are exported as plain
/// adapters of twice the rank.
/// </param>
internal sealed record ModelFacts(
    long TotalParameters,
    long TrainableParameters,
    IReadOnlyList<AdaptedLayer> AdaptedLayers,
    AdapterConfig ExportedAdapter);

/// <summary>Everything that training steps change: from the same state the same steps give the same bits.</summary>
/// <param name="Parameters">The trained numbers by tensor name, as they are trained.</param>
/// <param name="Optimizer">What the optimiser remembers.</param>
internal sealed record SessionState(IReadOnlyDictionary<string, float[]> Parameters, OptimizerState Optimizer);

/// <summary>Somebody who computes.</summary>
internal interface IComputeProvider
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>Loads a model for training.</summary>
    ITrainingSession Open(SessionSpec spec);
}

/// <summary>A model in training: one step on one batch at a time.</summary>
internal interface ITrainingSession : IDisposable
{
    /// <summary>Facts of the model.</summary>
    ModelFacts Facts { get; }

    /// <summary>Forward, loss, backward, cut, update; where loss or gradient are not finite, nothing is updated.</summary>
    /// <param name="parts">The step's examples, cut into batches that are computed one after the other.</param>
    /// <param name="learningRate">The step's learning rate.</param>
    StepResult TrainStep(ReadOnlySpan<PackedBatch> parts, float learningRate);

    /// <summary>
    /// The same under a loss over pairs of rows, which brings what the head reads of the rows of a class together and that of others
    /// apart; the head's output layer has no part in it.
    /// </summary>
    /// <param name="batch">The step's examples.</param>
    /// <param name="learningRate">The step's learning rate.</param>
    StepResult TrainPairs(PackedBatch batch, float learningRate);

    /// <summary>The outputs of a batch with the weights as they are, without dropout.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="logits">Receives [B, outputs], row after row.</param>
    void Score(PackedBatch batch, Span<float> logits);

    /// <summary>What the output layer of the head reads of a batch with the weights as they are, without dropout.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="features">Receives [B, C], row after row.</param>
    void ReadFeatures(PackedBatch batch, Span<float> features);

    /// <summary>Gives the output layer of the head other weights.</summary>
    /// <param name="weight">[outputs, C].</param>
    /// <param name="bias">[outputs].</param>
    void StartHead(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias);

    /// <summary>Takes the trained weights as they are into their average over steps.</summary>
    void AverageWeights();

    /// <summary>Replaces the trained weights by their average, where there is one.</summary>
    void TakeAverage();

    /// <summary>A copy of every trained tensor, to be read under <see cref="ModelFacts.ExportedAdapter"/>.</summary>
    AdapterState Export();

    /// <summary>Takes every trained tensor from a state.</summary>
    /// <exception cref="ArgumentException">Tensors are missing or of another shape; the message names all of them.</exception>
    void Import(AdapterState state);

    /// <summary>A copy of everything that steps change, to <see cref="Restore"/> in a session of the same spec.</summary>
    SessionState Save();

    /// <summary>Goes on from a saved state.</summary>
    /// <exception cref="InvalidDataException">It is that of a session of another spec.</exception>
    void Restore(SessionState state);
}
