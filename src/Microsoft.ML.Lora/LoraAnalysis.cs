using System.Globalization;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora;

/// <summary>
/// What a training changed: the singular values of every update s·B·A, how many directions it uses, how large it is beside the
/// pretrained weight. For DoRA the update is that of the directions, before each row is brought to its trained length.
/// </summary>
/// <remarks>Get it by <see cref="LoraModel.Analyze"/>; <see cref="ToString"/> is a table to print.</remarks>
public sealed class LoraAnalysis
{
    private const int RowsToPrint = 12;

    private LoraAnalysis(IReadOnlyList<LoraLayerAnalysis> layers) => Layers = layers;

    /// <summary>The adapted layers, in the order of their names.</summary>
    public IReadOnlyList<LoraLayerAnalysis> Layers { get; }

    /// <summary>The Frobenius norm of all updates together.</summary>
    public double Norm => Math.Sqrt(Layers.Sum(layer => layer.Norm * layer.Norm));

    /// <summary>The layers whose weight changed most for its size, the most changed one first.</summary>
    /// <param name="count">How many, at most.</param>
    public IReadOnlyList<LoraLayerAnalysis> MostChanged(int count) =>
        [.. Layers.OrderByDescending(layer => layer.RelativeNorm).Take(count)];

    /// <summary>Share of all updates' energy Σσ² that their nearest approximations of a rank keep, 0 to 1.</summary>
    /// <param name="rank">The rank, 0 or more.</param>
    public double EnergyKept(int rank)
    {
        double all = Norm * Norm;
        return all > 0 ? Layers.Sum(layer => layer.EnergyKept(rank) * layer.Norm * layer.Norm) / all : 1;
    }

    /// <summary>A table of the layers that changed most, and of the energy that lower ranks would keep.</summary>
    public override string ToString()
    {
        var table = new TextTable("layer", "rank", "effective", "norm", "of W0", "energy at 1", "2", "4", "8");
        foreach (LoraLayerAnalysis layer in MostChanged(RowsToPrint))
        {
            table.Add(layer.Name, Text($"{layer.Rank}"), Text($"{layer.EffectiveRank:F1}"), Text($"{layer.Norm:F3}"),
                Text($"{layer.RelativeNorm:P1}"), Kept(layer.EnergyKept, 1), Kept(layer.EnergyKept, 2),
                Kept(layer.EnergyKept, 4), Kept(layer.EnergyKept, 8));
        }
        table.Add(Text($"all {Layers.Count} layers"), "", "", Text($"{Norm:F3}"), "",
            Kept(EnergyKept, 1), Kept(EnergyKept, 2), Kept(EnergyKept, 4), Kept(EnergyKept, 8));
        return table.ToString();
    }

    internal static LoraAnalysis Of(ModelContents model)
    {
        IReadOnlyDictionary<string, double> norms = WeightNorms.Of(model.BaseFiles, UpdateTruncation.Modules(model.Adapter));
        return new LoraAnalysis([.. UpdateTruncation.Modules(model.Adapter).Select(module =>
        {
            AdapterTensor down = model.Adapter[module + PeftKeys.Down], up = model.Adapter[module + PeftKeys.Up];
            UpdateSvd svd = UpdateSvd.Of(down, up, model.AdapterConfig.RankAndScaling(module).Scaling);
            return new LoraLayerAnalysis(module, down.Shape[1], up.Shape[0], svd.Values, norms[module]);
        })]);
    }

    private static string Kept(Func<int, double> energy, int rank) => Text($"{energy(rank):P0}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
