using System.Globalization;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora;

/// <summary>
/// What <see cref="LoraRank.Auto"/> does: trains at a high rank, then cuts every update to the directions that hold its energy. A
/// search before the training costs more steps, and knows less of what the training will need.
/// </summary>
internal static class RankChoice
{
    /// <summary>The rank that is trained.</summary>
    public const int TrainedRank = 32;

    /// <summary>The share of an update's Σσ² that its rank has to keep.</summary>
    public const double EnergyKept = 0.99;

    /// <summary>The config to train with: no layer has a rank beyond that of its weight.</summary>
    /// <param name="config">The config at <see cref="TrainedRank"/>.</param>
    /// <param name="files">The base.</param>
    /// <param name="head">The head that is asked for.</param>
    public static AdapterConfig Start(AdapterConfig config, BaseModelFiles files, HeadSpec head)
    {
        Dictionary<string, int> ranks = ModelLayout.Read(files, head, config).Adapted.ToDictionary(
            layer => layer.Name, layer => Math.Min(TrainedRank, Math.Min(layer.Inputs, layer.Outputs)));
        return UpdateTruncation.WithRanks(config, ranks) with { Initialization = config.Initialization };
    }

    /// <summary>The trained model with every update at the rank it uses.</summary>
    /// <param name="trained">The model as it was trained; not used any more.</param>
    /// <param name="tell">Told the ranks.</param>
    public static LoraModel Cut(LoraModel trained, Action<string> tell)
    {
        LoraModel cut = trained.Truncate(layer => layer.RankForEnergy(EnergyKept));
        int[] ranks = [.. cut.AdaptedLayers.Select(layer => layer.Rank)];
        tell(string.Create(CultureInfo.InvariantCulture,
            $"Ranks {ranks.Min()} to {ranks.Max()} keep {100 * EnergyKept:F0}% of what the updates learned at rank " +
            $"{trained.AdaptedLayers.Max(layer => layer.Rank)}, in {100.0 * Parameters(cut) / Parameters(trained):F0}% of their parameters."));
        return cut;
    }

    private static long Parameters(LoraModel model) => model.AdaptedLayers.Sum(layer => layer.Parameters);
}
