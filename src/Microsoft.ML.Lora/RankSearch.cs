using System.Globalization;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Training;

namespace Microsoft.ML.Lora;

/// <summary>
/// Chooses a rank for every layer: a short training at a high rank, and the ranks from the singular values of the updates it makes.
/// The training proper starts anew: going on from what was learned fits the training rows closer and other rows no better.
/// </summary>
/// <param name="config">What is adapted; its rank and alpha give the scaling.</param>
/// <param name="layout">The layers.</param>
/// <param name="tell">Told what was found.</param>
internal sealed class RankSearch(AdapterConfig config, ModelLayout layout, Action<string> tell)
{
    /// <summary>The rank whose scaling every chosen rank has.</summary>
    public const int UsualRank = 8;

    private const int ProbeRank = 32;
    private const int Budget = 16;
    private const double ShareOfRows = 0.2;

    private float Scaling => config.RankAndScaling(layout.Adapted[0].Name).Scaling;

    /// <summary>Trains for a short while and chooses.</summary>
    /// <param name="plan">How the training proper goes.</param>
    /// <param name="examples">Its examples.</param>
    /// <param name="open">Opens a session with the head's start given.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>The config to train.</returns>
    public AdapterConfig Run(TrainingPlan plan, IReadOnlyList<EncodedExample> examples,
        Func<AdapterConfig, IReadOnlyList<EncodedExample>, ITrainingSession> open, CancellationToken cancellation)
    {
        IReadOnlyList<EncodedExample> part = Part(plan, examples, out int epochs);
        Dictionary<string, int> probeRanks = layout.Adapted.ToDictionary(
            layer => layer.Name, layer => Math.Min(ProbeRank, Math.Min(layer.Inputs, layer.Outputs)));
        using ITrainingSession session = open(RankAllocation.AtScaling(config, probeRanks, Scaling), part);
        var loop = new TrainingLoop(
            session, plan with { Epochs = epochs, AveragedShare = 0, ReturnBestOnCancel = false }, null, _ => { }, cancellation);
        AdapterState state = loop.Run(part).State;
        AdapterConfig trained = session.Facts.ExportedAdapter;
        IReadOnlyDictionary<string, int> ranks = RankAllocation.Of(
            [.. layout.Adapted.Select(layer => (layer.Name, layer.Inputs + layer.Outputs, Spectrum(layer.Name, trained, state)))],
            Budget);
        Tell(part.Count * epochs, ranks);
        return RankAllocation.AtScaling(config, ranks, Scaling);
    }

    private static double[] Spectrum(string name, AdapterConfig trained, AdapterState state) =>
        [.. UpdateSvd.Of(state[name + PeftKeys.Down], state[name + PeftKeys.Up], trained.RankAndScaling(name).Scaling)
            .Values.Take(ProbeRank)];

    // A fair sample of the examples, as many as a fifth of all passes sees.
    private static IReadOnlyList<EncodedExample> Part(
        TrainingPlan plan, IReadOnlyList<EncodedExample> examples, out int epochs)
    {
        double passes = ShareOfRows * plan.Epochs;
        epochs = Math.Max(1, (int)Math.Ceiling(passes));
        int count = Math.Clamp((int)Math.Ceiling(examples.Count * passes / epochs), 1, examples.Count);
        int[] order = [.. Enumerable.Range(0, examples.Count)];
        new RandomStream((uint)plan.Seed, "rank search").Shuffle(order.AsSpan());
        return [.. order.Take(count).Order().Select(i => examples[i])];
    }

    private void Tell(int rows, IReadOnlyDictionary<string, int> ranks)
    {
        double cost = layout.Adapted.Sum(layer => (double)ranks[layer.Name] * (layer.Inputs + layer.Outputs))
            / layout.Adapted.Sum(layer => layer.Inputs + layer.Outputs);
        tell(string.Create(CultureInfo.InvariantCulture,
            $"A search over {rows} rows at rank {ProbeRank} chose ranks {ranks.Values.Min()} to {ranks.Values.Max()}, " +
            $"as many parameters as rank {cost:F1}."));
    }
}
