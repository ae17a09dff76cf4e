using Microsoft.ML.Data;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora.DataView;

/// <summary>
/// Reads rows ahead, scores them together and hands them back in order. The first windows are small, so that a reader
/// who wants a few rows does not pay for many; a row's score does not depend on the window it was in.
/// </summary>
internal sealed class ScoringCursor : DataViewRowCursor
{
    private const int FirstWindow = 32;
    private const int LargestWindow = 1024;

    private readonly DataViewRowCursor _input;
    private readonly ScoringSchema _schema;
    private readonly bool[] _active;
    private readonly RowTextReader _texts;
    private readonly TextClassifier _classifier;
    private readonly RowWindow _window = new();
    private readonly ColumnBuffer?[] _columns;
    private readonly List<EncodedExample> _rows = [];
    private readonly ColumnBuffer _ids;
    private readonly List<long> _batches = [];
    private float[] _scores = [];
    private int _capacity = FirstWindow;
    private long _position = -1;

    public ScoringCursor(DataViewRowCursor input, ScoringSchema schema, bool[] active, TextClassifier classifier)
    {
        _input = input;
        _schema = schema;
        _active = active;
        _classifier = classifier;
        _texts = schema.TextsOf(input);
        _ids = ColumnBuffer.CreateForIds(input);
        _columns = new ColumnBuffer?[schema.Input.Count];
        foreach (DataViewSchema.Column column in schema.Input)
        {
            _columns[column.Index] = active[column.Index] ? ColumnBuffer.Create(input, column) : null;
        }
    }

    public override long Position => _position;

    public override long Batch => _window.Slot < 0 ? 0 : _batches[_window.Slot];

    public override DataViewSchema Schema => _schema.Output;

    public override ValueGetter<DataViewRowId> GetIdGetter() =>
        (ValueGetter<DataViewRowId>)_ids.GetterOf(_window);

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!_active[column.Index])
        {
            throw RowGetters.Inactive(column);
        }
        return RowGetters.As<TValue>(GetterOf(column.Index), column);
    }

    public override bool MoveNext()
    {
        if (_window.Slot + 1 < _rows.Count)
        {
            _window.Slot++;
            _position++;
            return true;
        }
        ReadAhead();
        _window.Slot = _rows.Count > 0 ? 0 : -1;
        _position = _rows.Count > 0 ? _position + 1 : -1;
        return _rows.Count > 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
        }
    }

    private void ReadAhead()
    {
        _rows.Clear();
        _batches.Clear();
        while (_rows.Count < _capacity && _input.MoveNext())
        {
            int slot = _rows.Count;
            foreach (ColumnBuffer? column in _columns)
            {
                column?.Store(slot);
            }
            _ids.Store(slot);
            _batches.Add(_input.Batch);
            (string text, string? pair) = _texts.Read();
            _rows.Add(_classifier.Encode(text, pair));
        }
        _capacity = Math.Min(2 * _capacity, LargestWindow);
        if (_scores.Length < _rows.Count * _schema.Classes)
        {
            _scores = new float[_rows.Count * _schema.Classes];
        }
        _classifier.Score(_rows, _scores);
    }

    private Delegate GetterOf(int index)
    {
        if (index < _columns.Length)
        {
            return _columns[index]!.GetterOf(_window);
        }
        int classes = _schema.Classes;
        return index == _schema.PredictedLabelIndex
            ? ScoreGetters.PredictedLabel(() => _scores.AsMemory(_window.CheckedSlot * classes, classes))
            : ScoreGetters.Score(() => _scores.AsMemory(_window.CheckedSlot * classes, classes));
    }
}
