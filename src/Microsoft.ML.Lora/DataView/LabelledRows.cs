using Microsoft.ML.Lora.Batching;

namespace Microsoft.ML.Lora.DataView;

/// <summary>What a view held: the examples fit to learn from, and a count of what was left out or cut.</summary>
/// <param name="Examples">The labelled rows, encoded, in the view's order.</param>
/// <param name="RowsRead">All rows of the view.</param>
/// <param name="MissingLabels">Rows skipped because their label is missing.</param>
/// <param name="Truncated">Examples whose tokens were cut to the maximum.</param>
internal sealed record LabelledRows(
    IReadOnlyList<EncodedExample> Examples, long RowsRead, long MissingLabels, long Truncated);
