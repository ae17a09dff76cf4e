namespace Microsoft.ML.Lora.Tokenization;

/// <summary>The ids a model reads for a text or a pair, special tokens included.</summary>
/// <param name="Ids">The token ids.</param>
/// <param name="TypeIds">The token types; null when all are 0.</param>
/// <param name="Truncated">Whether tokens were left out to keep within the limit.</param>
internal readonly record struct TokenizedText(int[] Ids, int[]? TypeIds, bool Truncated);
