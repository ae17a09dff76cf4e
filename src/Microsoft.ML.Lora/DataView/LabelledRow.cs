namespace Microsoft.ML.Lora.DataView;

/// <summary>The cursor's current row as a trainer reads it: texts, class and weight.</summary>
internal sealed class LabelledRow
{
    private readonly RowTextReader _texts;
    private readonly Func<int> _class;
    private readonly ValueGetter<float>? _weight;

    public LabelledRow(DataViewRow row, InputColumns columns)
    {
        DataViewSchema schema = row.Schema;
        _texts = new RowTextReader(
            row, schema[columns.Text], columns.TextPair is null ? null : schema[columns.TextPair]);
        _class = LabelColumn.ClassReader(row, schema[columns.Label]);
        _weight = columns.Weight is null ? null : row.GetGetter<float>(schema[columns.Weight]);
    }

    /// <summary>The class index; −1 when the label is missing.</summary>
    public int Class() => _class();

    /// <summary>The text and, where the task has pairs, the second text.</summary>
    public (string Text, string? Pair) Texts() => _texts.Read();

    /// <summary>The row's weight; 1 where there is no weight column.</summary>
    public float Weight()
    {
        float weight = 1;
        _weight?.Invoke(ref weight);
        return weight;
    }
}
