using Microsoft.ML.Lora.Adapters;

namespace Microsoft.ML.Lora;

public sealed partial class LoraModel
{
    /// <summary>
    /// The singular values of every update, by a decomposition of its factors, and its size beside the pretrained weight.
    /// </summary>
    /// <exception cref="InvalidOperationException">The model has no low-rank updates.</exception>
    public LoraAnalysis Analyze()
    {
        RequireUpdates("to analyse");
        return LoraAnalysis.Of(Contents);
    }

    /// <summary>What the model's updates cost, layer by layer and in all.</summary>
    public LoraParameterReport ReportParameters() => LoraParameterReport.Of(this);

    internal LoraModel Truncate(Func<LoraLayerAnalysis, int> rankOf)
    {
        RequireUpdates("to cut");
        Dictionary<string, LoraLayerAnalysis> layers = LoraAnalysis.Of(Contents).Layers.ToDictionary(layer => layer.Name);
        (AdapterConfig config, AdapterState state) = UpdateTruncation.Apply(
            Contents.AdapterConfig, Contents.Adapter, module => rankOf(layers[module]));
        return new LoraModel(
            Contents with
            {
                AdapterConfig = config,
                Adapter = state,
                TotalParameters = Contents.TotalParameters - Count(Contents.Adapter) + Count(state),
            },
            _threads);
    }

    private static long Count(AdapterState state) => state.Tensors.Sum(tensor => (long)tensor.Value.Values.Length);

    private void RequireUpdates(string purpose)
    {
        if (!HasUpdates)
        {
            throw new InvalidOperationException(
                $"The model was trained with FineTuning {FineTuning}: it has no low-rank updates {purpose}.");
        }
    }
}
