using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>The Frobenius norms of a base's weights.</summary>
internal static class WeightNorms
{
    /// <summary>The norms of these modules' weights.</summary>
    public static IReadOnlyDictionary<string, double> Of(BaseModelFiles files, IReadOnlyCollection<string> modules)
    {
        using WeightSource weights = files.OpenWeights();
        using var model = new SequenceModel(
            weights, EncoderConfig.Read(files.ReadConfig()), new HeadSpec { Outputs = 1 }, trainHeadDense: false,
            new RandomStream(0, "unused"));
        var norms = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (LinearSlot slot in model.Slots.Where(slot => modules.Contains(slot.Name)))
        {
            double squares = 0;
            ((FrozenLinear)slot.Layer).VisitRows((_, rows) => squares += Reductions.SumOfSquares(rows.Span));
            norms[slot.Name] = Math.Sqrt(squares);
        }

        return norms;
    }
}
