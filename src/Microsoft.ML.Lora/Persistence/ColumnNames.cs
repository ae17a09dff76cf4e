namespace Microsoft.ML.Lora.Persistence;

/// <summary>The columns a saved model reads and writes.</summary>
/// <param name="Text">The text column.</param>
/// <param name="TextPair">The second text column of a pair; null for single texts.</param>
/// <param name="Label">The label column it was trained on.</param>
/// <param name="Score">The column of class probabilities.</param>
/// <param name="PredictedLabel">The column of the most probable class.</param>
internal sealed record ColumnNames(string Text, string? TextPair, string Label, string Score, string PredictedLabel);
