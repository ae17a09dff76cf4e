namespace Microsoft.ML.Lora.DataView;

/// <summary>Reads the text, or the pair of texts, of a row; a missing text reads as the empty one.</summary>
internal sealed class RowTextReader
{
    private readonly ValueGetter<ReadOnlyMemory<char>> _text;
    private readonly ValueGetter<ReadOnlyMemory<char>>? _pair;
    private ReadOnlyMemory<char> _value;

    public RowTextReader(DataViewRow row, DataViewSchema.Column text, DataViewSchema.Column? pair)
    {
        _text = row.GetGetter<ReadOnlyMemory<char>>(text);
        _pair = pair is null ? null : row.GetGetter<ReadOnlyMemory<char>>(pair.Value);
    }

    /// <summary>The current row's text, and its second text where the task has pairs.</summary>
    public (string Text, string? Pair) Read() => (Read(_text), _pair is null ? null : Read(_pair));

    private string Read(ValueGetter<ReadOnlyMemory<char>> getter)
    {
        getter(ref _value);
        return _value.ToString();
    }
}
