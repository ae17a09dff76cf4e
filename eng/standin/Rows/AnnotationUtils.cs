using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Kinds of annotations, and helpers around them.</summary>
internal static class AnnotationUtils
{
    public static KeyDataViewType ScoreColumnSetIdType { get; } = new(typeof(uint), int.MaxValue);

    public static Exception ExceptGetAnnotation() => Contracts.Except("Invalid call to GetAnnotation");

    public static Exception ExceptGetAnnotation(this IExceptionContext ctx) =>
        ctx.Except("Invalid call to GetAnnotation");

    public static VectorDataViewType GetNamesType(int size) => new(TextDataViewType.Instance, size);

    public static bool HasSlotNames(this SchemaShape.Column col) =>
        col.Annotations.TryFindColumn(Kinds.SlotNames, out var names)
        && names.Kind == SchemaShape.Column.VectorKind.Vector && names.ItemType is TextDataViewType;

    public static bool HasSlotNames(this DataViewSchema.Column column, int vectorSize) =>
        vectorSize > 0
        && column.Annotations.Schema.GetColumnOrNull(Kinds.SlotNames)?.Type is VectorDataViewType names
        && names.Size == vectorSize && names.ItemType is TextDataViewType;

    public static bool IsNormalized(this SchemaShape.Column column) =>
        column.Annotations.TryFindColumn(Kinds.IsNormalized, out var normalized)
        && normalized.Kind == SchemaShape.Column.VectorKind.Scalar && !normalized.IsKey
        && normalized.ItemType == BooleanDataViewType.Instance;

    /// <summary>The annotations that score columns of trainers carry.</summary>
    public static IEnumerable<SchemaShape.Column> GetTrainerOutputAnnotation(bool isNormalized = false)
    {
        yield return new(Kinds.ScoreColumnSetId, SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.UInt32, true);
        yield return new(Kinds.ScoreColumnKind, SchemaShape.Column.VectorKind.Scalar, TextDataViewType.Instance, false);
        yield return new(Kinds.ScoreValueKind, SchemaShape.Column.VectorKind.Scalar, TextDataViewType.Instance, false);
        if (isNormalized)
        {
            yield return new(Kinds.IsNormalized, SchemaShape.Column.VectorKind.Scalar, BooleanDataViewType.Instance,
                false);
        }
    }

    /// <summary>The annotations of a multiclass score column, with the label's key values where it has any.</summary>
    public static IEnumerable<SchemaShape.Column> AnnotationsForMulticlassScoreColumn(
        SchemaShape.Column? labelColumn = null)
    {
        var columns = new List<SchemaShape.Column>();
        if (labelColumn is { IsKey: true } label
            && label.Annotations.TryFindColumn(Kinds.KeyValues, out var keyValues))
        {
            columns.Add(new SchemaShape.Column(Kinds.SlotNames, SchemaShape.Column.VectorKind.Vector,
                TextDataViewType.Instance, false));
            columns.Add(new SchemaShape.Column(Kinds.TrainingLabelValues, SchemaShape.Column.VectorKind.Vector,
                keyValues.ItemType, false));
        }

        columns.AddRange(GetTrainerOutputAnnotation());
        return columns;
    }

    /// <summary>Reads an annotation when it is there and has the type.</summary>
    public static bool TryGetAnnotation<T>(this DataViewSchema schema, PrimitiveDataViewType type, string kind, int col,
        ref T value)
    {
        var annotations = schema[col].Annotations;
        if (annotations.Schema.GetColumnOrNull(kind)?.Type.Equals(type) != true)
        {
            return false;
        }

        annotations.GetValue(kind, ref value);
        return true;
    }

    /// <summary>The largest value of a key annotation, and the column that has it (-1 and 0 when none has).</summary>
    public static uint GetMaxAnnotationKind(this DataViewSchema schema, out int colMax, string annotationKind,
        Func<DataViewSchema, int, bool> filterFunc = null)
    {
        uint max = 0;
        colMax = -1;
        for (var col = 0; col < schema.Count; col++)
        {
            if (schema[col].Annotations.Schema.GetColumnOrNull(annotationKind)?.Type is not KeyDataViewType key
                || key.RawType != typeof(uint) || filterFunc?.Invoke(schema, col) == false)
            {
                continue;
            }

            uint value = 0;
            schema[col].Annotations.GetValue(annotationKind, ref value);
            if (max < value)
            {
                max = value;
                colMax = col;
            }
        }

        return max;
    }

    /// <summary>Names of annotations.</summary>
    public static class Kinds
    {
        public const string KeyValues = "KeyValues";
        public const string TrainingLabelValues = "TrainingLabelValues";
        public const string ScoreColumnSetId = "ScoreColumnSetId";
        public const string ScoreColumnKind = "ScoreColumnKind";
        public const string ScoreValueKind = "ScoreValueKind";
        public const string IsNormalized = "IsNormalized";
        public const string IsUserVisible = "IsUserVisible";
        public const string SlotNames = "SlotNames";
        public const string CategoricalSlotRanges = "CategoricalSlotRanges";
    }

    /// <summary>Values of annotations.</summary>
    public static class Const
    {
        /// <summary>What kind of predictor a score column comes from.</summary>
        public static class ScoreColumnKind
        {
            public const string AnomalyDetection = "AnomalyDetection";
            public const string BinaryClassification = "BinaryClassification";
            public const string Clustering = "Clustering";
            public const string FeatureContribution = "FeatureContribution";
            public const string ItemSimilarity = "ItemSimilarity";
            public const string MulticlassClassification = "MulticlassClassification";
            public const string MultiOutputRegression = "MultiOutputRegression";
            public const string QuantileRegression = "QuantileRegression";
            public const string Ranking = "Ranking";
            public const string Recommender = "Recommender";
            public const string Regression = "Regression";
            public const string SequenceClassification = "SequenceClassification";
        }

        /// <summary>Which of a predictor's outputs a column is.</summary>
        public static class ScoreValueKind
        {
            public const string PredictedLabel = "PredictedLabel";
            public const string Probability = "Probability";
            public const string Score = "Score";
        }
    }
}

/// <summary>Names of columns where none is given.</summary>
internal static class DefaultColumnNames
{
    public const string Date = "Date";
    public const string FeatureContributions = "FeatureContributions";
    public const string Features = "Features";
    public const string GroupId = "GroupId";
    public const string Item = "Item";
    public const string Label = "Label";
    public const string Name = "Name";
    public const string PredictedLabel = "PredictedLabel";
    public const string Probability = "Probability";
    public const string RecommendedItems = "Recommended";
    public const string Score = "Score";
    public const string User = "User";
    public const string Weight = "Weight";
}
