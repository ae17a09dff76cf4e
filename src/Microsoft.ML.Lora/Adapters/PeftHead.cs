namespace Microsoft.ML.Lora.Adapters;

/// <summary>An output layer right over an encoder's states: what no class of transformers has.</summary>
/// <param name="State">Holds <c>classifier.weight</c> [outputs, hidden] and <c>classifier.bias</c> [outputs].</param>
/// <param name="Labels">The names of the outputs in order.</param>
/// <param name="ReadsMean">Whether it reads the mean of the last states, rather than the first token's.</param>
/// <param name="MaxTokens">The longest input in tokens.</param>
/// <param name="TakesPairs">Whether an input is a pair of texts.</param>
internal sealed record PeftHead(
    AdapterState State, IReadOnlyList<string> Labels, bool ReadsMean, int MaxTokens, bool TakesPairs);
