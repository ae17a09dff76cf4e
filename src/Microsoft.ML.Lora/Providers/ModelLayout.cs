using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>What a base offers to adapt and how large it is, looked up without packing a weight.</summary>
internal sealed record ModelLayout
{
    /// <summary>Number of encoder layers.</summary>
    public required int EncoderLayers { get; init; }

    /// <summary>Numbers in the base, what of the head belongs to it included.</summary>
    public required long BaseParameters { get; init; }

    /// <summary>Numbers of the head that are trained whatever else is.</summary>
    public required long HeadParameters { get; init; }

    /// <summary>The module of the head's dense layer, which may be trained in full, where it belongs to the base; else null.</summary>
    public required string? ModuleToSave { get; init; }

    /// <summary>Numbers in that module.</summary>
    public required long ModuleParameters { get; init; }

    /// <summary>Every linear layer of the encoder, at the rank and scaling it would have.</summary>
    public required IReadOnlyList<AdaptedLayer> Linear { get; init; }

    /// <summary>Those of them that are chosen.</summary>
    public required IReadOnlyList<AdaptedLayer> Adapted { get; init; }

    /// <summary>Looks the layout up.</summary>
    /// <param name="files">The base.</param>
    /// <param name="head">The head that is asked for.</param>
    /// <param name="config">What is to be adapted.</param>
    /// <exception cref="ArgumentException">No layer is chosen; the message lists the candidates.</exception>
    public static ModelLayout Read(BaseModelFiles files, HeadSpec head, AdapterConfig config)
    {
        using WeightSource weights = files.OpenWeights();
        using var model = new SequenceModel(
            weights, EncoderConfig.Read(files.ReadConfig()), head, trainHeadDense: false, new RandomStream(0, "unused"));
        return new ModelLayout
        {
            EncoderLayers = model.Encoder.Config.NumHiddenLayers,
            BaseParameters = model.Encoder.FrozenCount + model.Head.FrozenCount,
            HeadParameters = model.Parameters.Count,
            ModuleToSave = model.Head.Slot is null ? null : model.Encoder.Config.Family.Head.DenseModule,
            ModuleParameters = model.Head.FrozenCount,
            Linear = [.. model.Encoder.Slots.Select(Describe)],
            Adapted = [.. config.TargetModules.Select(model.Slots, config.LayersToTransform).Select(Describe)],
        };

        AdaptedLayer Describe(LinearSlot slot)
        {
            (int rank, float scaling) = config.RankAndScaling(slot.Name);
            return new AdaptedLayer(slot.Name, slot.Layer.OutFeatures, slot.Layer.InFeatures, rank, scaling);
        }
    }
}
