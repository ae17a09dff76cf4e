using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Training;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>All parts of a trained model: what is saved, and what scoring needs.</summary>
internal sealed record ModelContents
{
    /// <summary>The columns it reads and writes.</summary>
    public required ColumnNames Columns { get; init; }

    /// <summary>The classes.</summary>
    public required LabelSet Labels { get; init; }

    /// <summary>Tokens of a row at most.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>What of the model was trained.</summary>
    public FineTuning FineTuning { get; init; }

    /// <summary>The adapter's settings; of no meaning unless low-rank updates were trained.</summary>
    public required AdapterConfig AdapterConfig { get; init; }

    /// <summary>The trained tensors, head included.</summary>
    public required AdapterState Adapter { get; init; }

    /// <summary>The head's settings.</summary>
    public required HeadSpec Head { get; init; }

    /// <summary>The base model's files; those of a loaded model that was trained in full hold the trained weights.</summary>
    public required BaseModelFiles BaseFiles { get; init; }

    /// <summary>The SHA-256 of the base model's weights, in hexadecimal.</summary>
    public string BaseSha256
    {
        get => field ?? BaseFiles.Identity;
        init;
    }

    /// <summary>Where the base model comes from.</summary>
    public required BaseOrigin BaseOrigin { get; init; }

    /// <summary>Whether archives carry the base model's weights, unless an assembly does.</summary>
    public required bool ArchivesBase { get; init; }

    /// <summary>Number of all parameters: base model, adapters and head.</summary>
    public required long TotalParameters { get; init; }

    /// <summary>How the model came about.</summary>
    public required TrainingRecord Training { get; init; }
}
