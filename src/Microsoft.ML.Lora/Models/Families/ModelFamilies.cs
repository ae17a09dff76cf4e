namespace Microsoft.ML.Lora.Models.Families;

/// <summary>The families that can be fine-tuned, by <c>model_type</c>.</summary>
internal static class ModelFamilies
{
    private static readonly Dictionary<string, ModelFamily> _families = new ModelFamily[]
    {
        BertFamilies.Bert,
        BertFamilies.Electra,
        BertFamilies.DistilBert,
        RobertaFamilies.Roberta,
        RobertaFamilies.XlmRoberta,
        RobertaFamilies.Camembert,
        RobertaFamilies.MPNet,
        ModernBertFamily.ModernBert,
        DebertaFamily.DebertaV2,
    }.ToDictionary(family => family.ModelType);

    /// <summary>The values of <c>model_type</c> that are known, sorted.</summary>
    public static IReadOnlyList<string> ModelTypes { get; } = [.. _families.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The family of that <c>model_type</c>.</summary>
    /// <exception cref="NotSupportedException">There is none; the message lists those there are.</exception>
    public static ModelFamily Get(string modelType, string file)
    {
        if (!_families.TryGetValue(modelType, out ModelFamily? family))
        {
            Throw.NotSupported_InFile(
                file, $"model_type '{modelType}' is none of the encoders that can be used: {string.Join(", ", ModelTypes)}.");
        }

        return family;
    }
}
