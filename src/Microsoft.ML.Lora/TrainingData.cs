using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora;

/// <summary>What a run learns from: a view's rows, read, encoded and split once.</summary>
internal sealed record TrainingData
{
    /// <summary>The classes.</summary>
    public required LabelSet Labels { get; init; }

    /// <summary>The model to go on from; null to begin with the base.</summary>
    public PreviousModel? Previous { get; init; }

    /// <summary>The examples to train on.</summary>
    public required IReadOnlyList<EncodedExample> Training { get; init; }

    /// <summary>The examples to validate with; empty for none.</summary>
    public required IReadOnlyList<EncodedExample> Validation { get; init; }

    /// <summary>Tokens of a row at most.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Rows skipped because their label is missing.</summary>
    public required long MissingLabels { get; init; }

    /// <summary>Rows of the view with a label.</summary>
    public required long Labelled { get; init; }

    /// <summary>Rows of the view whose tokens were cut, those held back to validate included.</summary>
    public required long Truncated { get; init; }
}
