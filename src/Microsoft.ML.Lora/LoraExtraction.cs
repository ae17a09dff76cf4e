using System.Globalization;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora;

/// <summary>
/// A low-rank adapter made of the difference of two checkpoints, such as a base model and the same model fine-tuned in full: for each
/// linear layer of the encoder the nearest update of a rank, by the singular value decomposition, and how far it is off.
/// </summary>
/// <remarks>
/// Biases are taken over as they are. Embeddings and the factors of layer norms are no linear layers: what changed in them is left out,
/// and <see cref="NormLeftOut"/> says how much that was.
/// </remarks>
public sealed class LoraExtraction
{
    private readonly CheckpointDifference _difference;
    private readonly LoraBaseModel _base;
    private readonly string _prefix;

    private LoraExtraction(CheckpointDifference difference, LoraBaseModel baseModel, string prefix)
    {
        _difference = difference;
        _base = baseModel;
        _prefix = prefix;
        Layers = [.. difference.Layers.Select(layer => new LoraLayerDifference(
            layer.Name, layer.Shape[1], layer.Shape[0], layer.Norm, layer.Values))];
    }

    /// <summary>The encoder's linear layers, from below.</summary>
    public IReadOnlyList<LoraLayerDifference> Layers { get; }

    /// <summary>The Frobenius norm of the difference in tensors that no adapter holds: embeddings and norms' factors.</summary>
    public double NormLeftOut => _difference.NormLeftOut;

    /// <summary>The error over all layers: the norm of what the updates miss over that of the differences, 0 to 1.</summary>
    public double Error
    {
        get
        {
            double all = Layers.Sum(layer => layer.Norm * layer.Norm);
            return all > 0 ? Math.Sqrt(Layers.Sum(layer => layer.Norm * layer.Norm * layer.Error * layer.Error) / all) : 0;
        }
    }

    /// <summary>Makes the adapter.</summary>
    /// <param name="before">The model that the adapter is for.</param>
    /// <param name="after">A model of the same architecture, further trained.</param>
    /// <param name="rank">The rank of every update, 1 or more.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or the second model has other tensors.</exception>
    public static LoraExtraction Between(LoraBaseModel before, LoraBaseModel after, int rank)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        BaseModelFiles files = before.Origin.Open(null, CancellationToken.None);
        using WeightSource weights = after.Origin.Open(null, CancellationToken.None).OpenWeights();
        return new LoraExtraction(CheckpointDifference.Of(files, weights, rank), before,
            EncoderConfig.Read(files.ReadConfig()).Family.Prefix);
    }

    /// <summary>
    /// Writes the adapter of the encoder (FEATURE_EXTRACTION) as a folder that Python's PEFT loads: adapter_config.json and
    /// adapter_model.safetensors.
    /// </summary>
    /// <param name="folder">The folder; made when it is not there.</param>
    public void SavePeft(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        Directory.CreateDirectory(folder);
        PeftAdapterWriter.Write(folder, new PeftAdapter(
            _difference.Config, _difference.State, _base.Origin.PythonName, PeftTask.FeatureExtraction), _prefix);
    }

    /// <summary>A table: how much each layer changed, and what the updates of ranks up to this one's miss.</summary>
    public override string ToString()
    {
        int most = Layers.Count == 0 ? 0 : Layers.Min(layer => layer.SingularValues.Count);
        int[] ranks = [.. new[] { 1, 2, 4, 8, 16, 32, 64 }.Where(rank => rank <= most)];
        var table = new TextTable(["layer", "norm", .. ranks.Select(rank => Text($"error at {rank}"))]);
        foreach (LoraLayerDifference layer in Layers)
        {
            table.Add([layer.Name, Text($"{layer.Norm:F3}"), .. ranks.Select(rank => Text($"{layer.ErrorAt(rank):P1}"))]);
        }
        return Text($"{table}all: error {Error:P1}; left out in embeddings and norms: {NormLeftOut:F3}\n");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
