using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora.DataView;

/// <summary>A row with the scorer's columns added, computed when first asked for and again when the texts change.</summary>
internal sealed class ScoringRow : DataViewRow
{
    private readonly DataViewRow _input;
    private readonly ScoringSchema _schema;
    private readonly bool[] _active;
    private readonly TextClassifier? _classifier;
    private readonly RowTextReader? _texts;
    private readonly float[] _scores;
    private (string Text, string? Pair)? _scored;

    public ScoringRow(DataViewRow input, ScoringSchema schema, bool[] active, TextClassifier? classifier)
    {
        _input = input;
        _schema = schema;
        _active = active;
        _classifier = classifier;
        _texts = classifier is null ? null : schema.TextsOf(input);
        _scores = new float[schema.Classes];
    }

    public override long Position => _input.Position;

    public override long Batch => _input.Batch;

    public override DataViewSchema Schema => _schema.Output;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!_active[column.Index])
        {
            throw RowGetters.Inactive(column);
        }
        if (column.Index < _schema.Input.Count)
        {
            return _input.GetGetter<TValue>(_schema.Input[column.Index]);
        }
        Delegate getter = column.Index == _schema.PredictedLabelIndex
            ? ScoreGetters.PredictedLabel(Current)
            : ScoreGetters.Score(Current);
        return RowGetters.As<TValue>(getter, column);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
        }
    }

    // Compared by text, not by position: a row may be refilled in place.
    private ReadOnlyMemory<float> Current()
    {
        (string Text, string? Pair) texts = _texts!.Read();
        if (_scored != texts)
        {
            _classifier!.Score(texts.Text, texts.Pair, _scores);
            _scored = texts;
        }
        return _scores;
    }
}
