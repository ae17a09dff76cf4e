namespace Microsoft.ML.Lora.Adapters;

/// <summary>What an adapter's model is for, as PEFT names it (<c>task_type</c>).</summary>
internal enum PeftTask
{
    /// <summary><c>SEQ_CLS</c>: the encoder with its family's classification head.</summary>
    SequenceClassification,

    /// <summary><c>FEATURE_EXTRACTION</c>: the encoder alone.</summary>
    FeatureExtraction,
}

/// <summary>An adapter as PEFT's two files hold it.</summary>
/// <param name="Config">What is adapted and how.</param>
/// <param name="State">The trained tensors under their module paths.</param>
/// <param name="BaseModelName">The base as the file names it; null when it names none.</param>
/// <param name="Task">What the model is for.</param>
internal sealed record PeftAdapter(AdapterConfig Config, AdapterState State, string? BaseModelName, PeftTask Task)
{
    /// <summary>The branch, tag or commit of a base on the hub; null when the file names none.</summary>
    public string? Revision { get; init; }

    /// <summary>The names of the outputs in order, from the tensors' metadata, where PEFT has no place for them; null for none.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The longest input in tokens, from the tensors' metadata; null for none.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>
    /// The number of outputs: rows of the output layer's weight; null when the files hold no head.
    /// </summary>
    public int? Outputs => State.Tensors
        .Where(tensor => PeftKeys.IsOutputLayer(tensor.Key) && tensor.Value.Shape.Count == 2)
        .Select(tensor => (int?)tensor.Value.Shape[0])
        .FirstOrDefault();
}
