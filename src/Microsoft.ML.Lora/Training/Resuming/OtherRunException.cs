namespace Microsoft.ML.Lora.Training.Resuming;

/// <summary>A folder of checkpoints that is not this run's to use: no fault of the run itself.</summary>
internal sealed class OtherRunException(string message, Exception? inner = null) : InvalidOperationException(message, inner);
