using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora.DataView;

/// <summary>The columns a classifier adds, with the annotations that in-box multiclass trainers give theirs.</summary>
/// <param name="PredictedLabelName">Name of the key column that holds the most probable class.</param>
/// <param name="ScoreName">Name of the vector column that holds the class probabilities.</param>
/// <param name="Labels">The classes.</param>
internal sealed record OutputColumns(string PredictedLabelName, string ScoreName, LabelSet Labels)
{
    private const string ScoreColumnKind = "ScoreColumnKind";
    private const string ScoreColumnSetId = "ScoreColumnSetId";
    private const string ScoreValueKind = "ScoreValueKind";
    private static readonly KeyDataViewType _setIdType = new(typeof(uint), int.MaxValue);

    /// <summary>The input's columns followed by the predicted label and the score.</summary>
    public DataViewSchema AppendTo(DataViewSchema input)
    {
        uint setId = NextSetId(input);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(PredictedLabelName, new KeyDataViewType(typeof(uint), Labels.Count), PredictedLabel(setId));
        builder.AddColumn(
            ScoreName, new VectorDataViewType(NumberDataViewType.Single, Labels.Count), Score(setId));
        return builder.ToSchema();
    }

    private DataViewSchema.Annotations PredictedLabel(uint setId)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        AddText(builder, ScoreColumnKind, "MulticlassClassification");
        AddText(builder, ScoreValueKind, "PredictedLabel");
        AddLabelValues(builder, "KeyValues");
        builder.AddPrimitiveValue(ScoreColumnSetId, _setIdType, setId);
        return builder.ToAnnotations();
    }

    private DataViewSchema.Annotations Score(uint setId)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        AddText(builder, ScoreColumnKind, "MulticlassClassification");
        builder.AddPrimitiveValue(ScoreColumnSetId, _setIdType, setId);
        AddText(builder, ScoreValueKind, "Score");
        AddLabelValues(builder, "TrainingLabelValues");
        if (Labels.ValueType == TextDataViewType.Instance.ToString())
        {
            AddLabelValues(builder, "SlotNames");
        }
        return builder.ToAnnotations();
    }

    private void AddLabelValues(DataViewSchema.Annotations.Builder builder, string kind)
    {
        if (Labels.ValueType is not null && Labels.Values is not null)
        {
            KeyValueType.All[Labels.ValueType].Add(builder, kind, Labels.Values);
        }
    }

    private static void AddText(DataViewSchema.Annotations.Builder builder, string kind, string value) =>
        builder.AddPrimitiveValue(kind, TextDataViewType.Instance, value.AsMemory());

    // Columns of one scorer share an id; the next scorer of a pipeline takes the next one.
    private static uint NextSetId(DataViewSchema schema)
    {
        uint largest = 0;
        foreach (DataViewSchema.Column column in schema)
        {
            if (column.Annotations.Schema.GetColumnOrNull(ScoreColumnSetId) is { Type: KeyDataViewType type }
                && type.RawType == typeof(uint))
            {
                uint id = 0;
                column.Annotations.GetValue(ScoreColumnSetId, ref id);
                largest = Math.Max(largest, id);
            }
        }
        return largest + 1;
    }
}
