namespace Microsoft.ML.Lora.Benchmarks.Baselines;

/// <summary>The features of one text that are not zero: their numbers and their values.</summary>
internal readonly record struct SparseRow(int[] Indices, double[] Values);
