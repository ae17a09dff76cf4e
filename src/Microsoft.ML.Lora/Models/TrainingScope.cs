using Microsoft.ML.Lora.Layers;

namespace Microsoft.ML.Lora.Models;

/// <summary>Marks parts of the base as trained, before anything is packed.</summary>
internal static class TrainingScope
{
    /// <summary>Every tensor of the base: full fine-tuning.</summary>
    public static void TrainAll(SequenceModel model)
    {
        model.Encoder.TrainRelativePositions(model.Parameters);
        foreach (EmbeddingTable table in model.Encoder.Embeddings.Tables)
        {
            table.Train(model.Parameters);
        }

        foreach (LinearSlot slot in model.Slots)
        {
            slot.Layer = ((FrozenLinear)slot.Layer).ToTrained(model.Parameters);
        }

        foreach (NormLayer norm in AllNorms(model).Where(norm => !norm.IsTrained))
        {
            norm.Train(model.Parameters, factors: true);
        }
    }

    /// <summary>Every bias of the base, those of layer norms included.</summary>
    public static void TrainBiases(SequenceModel model)
    {
        foreach (FrozenLinear layer in model.Slots.Select(slot => slot.Layer).OfType<FrozenLinear>())
        {
            if (layer.HasBias)
            {
                layer.TrainBias(model.Parameters);
            }
        }

        foreach (NormLayer norm in AllNorms(model).Where(norm => !norm.IsTrained))
        {
            norm.Train(model.Parameters, factors: false);
        }
    }

    private static IEnumerable<NormLayer> AllNorms(SequenceModel model) =>
        model.Head.Norm is { } norm ? [.. model.Encoder.Norms, norm] : model.Encoder.Norms;
}
