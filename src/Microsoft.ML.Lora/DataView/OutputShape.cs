using Microsoft.ML.Data;
using Kind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace Microsoft.ML.Lora.DataView;

/// <summary>What <see cref="OutputColumns"/> adds, promised before any data is seen.</summary>
internal static class OutputShape
{
    private const string KeyValues = "KeyValues";

    /// <summary>The input's shape with the score and the predicted label of a classifier over <paramref name="label"/>.</summary>
    public static SchemaShape Append(
        SchemaShape input, SchemaShape.Column label, string predictedLabelName, string scoreName)
    {
        var columns = input.Where(c => c.Name != predictedLabelName && c.Name != scoreName).ToList();
        columns.Add(MLNetAccess.ShapeColumn(
            scoreName, Kind.Vector, NumberDataViewType.Single, isKey: false, ScoreAnnotations(label)));
        columns.Add(MLNetAccess.ShapeColumn(
            predictedLabelName, Kind.Scalar, NumberDataViewType.UInt32, isKey: true, LabelAnnotations(label)));
        return new SchemaShape(columns);
    }

    private static SchemaShape ScoreAnnotations(SchemaShape.Column label)
    {
        var annotations = new List<SchemaShape.Column>();
        if (LabelValues(label) is { } values)
        {
            if (values is TextDataViewType)
            {
                annotations.Add(MLNetAccess.ShapeColumn("SlotNames", Kind.Vector, values, isKey: false));
            }
            annotations.Add(MLNetAccess.ShapeColumn("TrainingLabelValues", Kind.Vector, values, isKey: false));
        }
        annotations.AddRange(Shared());
        return new SchemaShape(annotations);
    }

    private static SchemaShape LabelAnnotations(SchemaShape.Column label)
    {
        var annotations = new List<SchemaShape.Column>();
        if (LabelValues(label) is { } values)
        {
            annotations.Add(MLNetAccess.ShapeColumn(KeyValues, Kind.Vector, values, isKey: false));
        }
        annotations.AddRange(Shared());
        return new SchemaShape(annotations);
    }

    private static IEnumerable<SchemaShape.Column> Shared() =>
    [
        MLNetAccess.ShapeColumn("ScoreColumnSetId", Kind.Scalar, NumberDataViewType.UInt32, isKey: true),
        MLNetAccess.ShapeColumn("ScoreColumnKind", Kind.Scalar, TextDataViewType.Instance, isKey: false),
        MLNetAccess.ShapeColumn("ScoreValueKind", Kind.Scalar, TextDataViewType.Instance, isKey: false),
    ];

    private static DataViewType? LabelValues(SchemaShape.Column label)
    {
        foreach (SchemaShape.Column annotation in label.Annotations)
        {
            if (annotation.Name == KeyValues && annotation.Kind == Kind.Vector
                && KeyValueType.All.ContainsKey(annotation.ItemType.ToString()!))
            {
                return annotation.ItemType;
            }
        }
        return null;
    }
}
