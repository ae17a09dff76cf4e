using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora.DataView;

/// <summary>Scores one row at a time, as a PredictionEngine asks for.</summary>
internal sealed class ScoringRowMapper(ScoringSchema schema, Func<TextClassifier> classifier) : IRowToRowMapper
{
    public DataViewSchema InputSchema => schema.Input;

    public DataViewSchema OutputSchema => schema.Output;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        schema.Needed(schema.Active(dependingColumns));

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        bool[] active = schema.Active(activeColumns);
        return new ScoringRow(input, schema, active, schema.NeedsScores(active) ? classifier() : null);
    }
}
