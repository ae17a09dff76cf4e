using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.Lora;

/// <summary>Errors of the engine: what cannot be adapted, trained or taken in, and what to do.</summary>
internal static partial class Throw
{
    /// <summary>Throws where no linear layer is chosen for an adapter, with what there is to choose from.</summary>
    [DoesNotReturn]
    public static void Argument_NoTargetModules(
        string asked, IReadOnlyList<int>? layers, IEnumerable<string> candidates) =>
        throw new ArgumentException(
            $"TargetModules '{asked}'{(layers is null ? string.Empty : $" in layers {string.Join(", ", layers)}")} matches no linear " +
            $"layer of the model. A name matches a whole path or its end after a dot. The layers are: " +
            $"{string.Join(", ", candidates)}.");

    /// <summary>Throws where a model that was disposed is asked for scores.</summary>
    [DoesNotReturn]
    public static void ObjectDisposed_Model() => throw new ObjectDisposedException(
        null, "The model was disposed: keep it, or the transformer that it belongs to, for as long as anything scores with it.");

    /// <summary>Throws where an initialisation needs an even rank.</summary>
    [DoesNotReturn]
    public static void Argument_RankNotEven(string layer, int rank) =>
        throw new ArgumentException(
            $"Orthogonal initialisation needs an even rank; that of {layer} is {rank}. Choose rank {rank + 1} or another initialisation.");

    /// <summary>Throws for a saved state of a session with other parameters.</summary>
    [DoesNotReturn]
    public static void InvalidData_SessionState(string name) =>
        throw new InvalidDataException(
            $"The saved state of the training does not fit: {Quote(name)} is missing or of another size. " +
            "It was saved under other options, or by another version of this library.");

    /// <summary>Throws for what an optimiser of another kind, or over other parameters, remembered.</summary>
    [DoesNotReturn]
    public static void InvalidData_OptimizerState(string name) =>
        throw new InvalidDataException(
            $"What the optimiser remembered does not fit: {Quote(name)} is missing or of another size. " +
            "It was saved under other options, or by another version of this library.");

    /// <summary>Throws for tensors that do not fit the model, naming all of them.</summary>
    [DoesNotReturn]
    public static void Argument_AdapterMismatch(IReadOnlyList<string> problems) =>
        throw new ArgumentException(
            $"The adapter does not fit the model: {string.Join("; ", problems.Take(MaxListed))}" +
            $"{(problems.Count > MaxListed ? $"; and {problems.Count - MaxListed} more" : string.Empty)}.");
}
