namespace Microsoft.ML.Data;

/// <summary>Kinds of annotations, and helpers around them.</summary>
internal static class AnnotationUtils
{
    public static bool HasSlotNames(this DataViewSchema.Column column, int vectorSize) =>
        vectorSize > 0
        && column.Annotations.Schema.GetColumnOrNull(Kinds.SlotNames)?.Type is VectorDataViewType names
        && names.Size == vectorSize && names.ItemType is TextDataViewType;

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
}
