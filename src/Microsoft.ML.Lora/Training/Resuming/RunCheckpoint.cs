using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Training.Resuming;

/// <summary>A run between two steps, complete: whoever goes on from it ends with the same bits.</summary>
/// <param name="Run">Which run it is of.</param>
/// <param name="Position">Where the loop stands.</param>
/// <param name="Session">What the steps so far have changed.</param>
internal sealed record RunCheckpoint(RunIdentity Run, TrainingPosition Position, SessionState Session);
