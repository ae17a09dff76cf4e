using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora.DataView;

/// <summary>A scorer bound to one input schema: what comes in, what goes out, and which index is which.</summary>
internal sealed class ScoringSchema
{
    private readonly DataViewSchema.Column _text;
    private readonly DataViewSchema.Column? _pair;

    /// <exception cref="ArgumentOutOfRangeException">A text column is missing or is no text.</exception>
    public ScoringSchema(IExceptionContext context, DataViewSchema input, InputColumns inputs, OutputColumns outputs)
    {
        inputs.CheckText(context, MLNetAccess.ShapeOf(input));
        _text = input[inputs.Text];
        _pair = inputs.TextPair is null ? null : input[inputs.TextPair];
        Input = input;
        Output = outputs.AppendTo(input);
    }

    /// <summary>The columns that come in.</summary>
    public DataViewSchema Input { get; }

    /// <summary>The same columns, then the predicted label, then the score.</summary>
    public DataViewSchema Output { get; }

    /// <summary>Number of classes.</summary>
    public int Classes => ((Data.VectorDataViewType)Output[Output.Count - 1].Type).Size;

    /// <summary>Index of the predicted label among the output columns.</summary>
    public int PredictedLabelIndex => Input.Count;

    /// <summary>Marks the output columns that are wanted.</summary>
    public bool[] Active(IEnumerable<DataViewSchema.Column> columnsNeeded)
    {
        var active = new bool[Output.Count];
        foreach (DataViewSchema.Column column in columnsNeeded)
        {
            active[column.Index] = true;
        }
        return active;
    }

    /// <summary>Whether anything that is wanted has to be computed.</summary>
    public bool NeedsScores(bool[] active) => active.AsSpan(Input.Count).Contains(true);

    /// <summary>The input columns needed to give the wanted output columns.</summary>
    public IEnumerable<DataViewSchema.Column> Needed(bool[] active)
    {
        bool scores = NeedsScores(active);
        return Input.Where(column => active[column.Index]
            || (scores && (column.Index == _text.Index || column.Index == _pair?.Index)));
    }

    /// <summary>The reader of a row's texts.</summary>
    public RowTextReader TextsOf(DataViewRow row) => new(row, _text, _pair);
}
