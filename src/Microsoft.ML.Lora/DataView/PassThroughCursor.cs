using Microsoft.ML.Data;

namespace Microsoft.ML.Lora.DataView;

/// <summary>The input's cursor under the scorer's schema, for readers that want no score: nothing is computed.</summary>
internal sealed class PassThroughCursor(DataViewRowCursor input, ScoringSchema schema, bool[] active) : DataViewRowCursor
{
    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override DataViewSchema Schema => schema.Output;

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => active[column.Index]
        ? input.GetGetter<TValue>(schema.Input[column.Index])
        : throw RowGetters.Inactive(column);

    public override bool MoveNext() => input.MoveNext();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            input.Dispose();
        }
    }
}
