using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora.DataView;

/// <summary>A view with the scorer's columns added; nothing is computed before a cursor asks for it.</summary>
internal sealed class ScoringDataView(IDataView input, ScoringSchema schema, Func<TextClassifier> classifier) : IDataView
{
    public bool CanShuffle => input.CanShuffle;

    public DataViewSchema Schema => schema.Output;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        bool[] active = schema.Active(columnsNeeded);
        return Wrap(input.GetRowCursor(schema.Needed(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(
        IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        bool[] active = schema.Active(columnsNeeded);
        return Array.ConvertAll(
            input.GetRowCursorSet(schema.Needed(active), n, rand), cursor => Wrap(cursor, active));
    }

    private DataViewRowCursor Wrap(DataViewRowCursor cursor, bool[] active) => schema.NeedsScores(active)
        ? new ScoringCursor(cursor, schema, active, classifier())
        : new PassThroughCursor(cursor, schema, active);
}
