using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Providers;

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

    internal LoraModel ToLowRank(int rank)
    {
        if (FineTuning != LoraFineTuning.Full)
        {
            throw new InvalidOperationException(
                $"The model was trained with FineTuning {FineTuning}: updates are made of what full fine-tuning changed.");
        }
        BaseModelFiles files = Contents.BaseOrigin.Open(null, CancellationToken.None);
        if (files.Identity != Contents.BaseSha256)
        {
            throw new InvalidDataException(
                $"The base model in '{files.Description}' is not the one the model was trained from: its weights have the SHA-256 " +
                $"{files.Identity}, not {Contents.BaseSha256}.");
        }
        using var trained = new OverlaidWeights(files.OpenWeights(), Contents.Adapter);
        CheckpointDifference difference = CheckpointDifference.Of(files, trained, rank);
        ModelFamily family = EncoderConfig.Read(files.ReadConfig()).Family;
        string? module = ModelLayout.Read(files, Contents.Head, difference.Config).ModuleToSave;
        AdapterState state = difference.State.Clone();
        foreach ((string name, AdapterTensor tensor) in Contents.Adapter.Tensors.Where(tensor => IsOfHead(tensor.Key, family)))
        {
            state[name] = tensor;
        }
        return new LoraModel(
            Contents with
            {
                FineTuning = Providers.FineTuning.Lora,
                AdapterConfig = difference.Config with { ModulesToSave = module is null ? [] : [module] },
                Adapter = state,
                BaseFiles = files,
                TotalParameters = Contents.TotalParameters + difference.State.Tensors
                    .Where(tensor => PeftKeys.AdaptedModule(tensor.Key) is not null).Sum(tensor => (long)tensor.Value.Values.Length),
            },
            _threads);
    }

    private static bool IsOfHead(string name, ModelFamily family) =>
        !name.StartsWith(family.Prefix, StringComparison.Ordinal)
        || (family.Head.Dense is { } dense && name.StartsWith(dense + ".", StringComparison.Ordinal));

    private static long Count(AdapterState state) => state.Tensors.Sum(tensor => (long)tensor.Value.Values.Length);

    private void RequireUpdates(string purpose)
    {
        if (!HasUpdates)
        {
            throw new InvalidOperationException(
                $"The model was trained with FineTuning {FineTuning}: it has no low-rank updates {purpose}." +
                (FineTuning == LoraFineTuning.Full ? " LoraTransformer.ToLowRank makes some of what was changed." : ""));
        }
    }
}
