using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Adapters.Initialization;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>One linear layer's difference between two checkpoints.</summary>
/// <param name="Name">The module path.</param>
/// <param name="Shape">[out, in].</param>
/// <param name="Norm">‖ΔW‖.</param>
/// <param name="Values">The leading singular values of ΔW.</param>
internal sealed record LayerDifference(string Name, IReadOnlyList<int> Shape, double Norm, double[] Values);

/// <summary>
/// The difference of two checkpoints of one architecture as a low-rank adapter over the first: the nearest update of the rank for each
/// linear layer of the encoder, and the second one's biases as they are. What lies in other tensors (embeddings, norms' factors) is left
/// out, and measured.
/// </summary>
internal sealed class CheckpointDifference
{
    private readonly List<LayerDifference> _layers = [];
    private readonly int _rank;
    private double _left;

    private CheckpointDifference(int rank) => _rank = rank;

    /// <summary>The layers, from below.</summary>
    public IReadOnlyList<LayerDifference> Layers => _layers;

    /// <summary>The norm of the difference in tensors that the adapter does not hold.</summary>
    public double NormLeftOut => Math.Sqrt(_left);

    /// <summary>The adapter's tensors: A, B and biases.</summary>
    public AdapterState State { get; } = new();

    /// <summary>The config they are read under: alpha = rank, so that s = 1.</summary>
    public AdapterConfig Config => new()
    {
        Rank = _rank,
        Alpha = _rank,
        Dropout = 0,
        Bias = BiasTraining.All,
        RankPattern = _layers.Where(layer => layer.Values.Length < _rank).ToDictionary(
            layer => System.Text.RegularExpressions.Regex.Escape(layer.Name), layer => layer.Values.Length),
        AlphaPattern = _layers.Where(layer => layer.Values.Length < _rank).ToDictionary(
            layer => System.Text.RegularExpressions.Regex.Escape(layer.Name), layer => (float)layer.Values.Length),
    };

    /// <summary>Takes the difference.</summary>
    /// <param name="before">The first checkpoint.</param>
    /// <param name="after">The second one's weights; of the first one's architecture.</param>
    /// <param name="rank">The rank of every update.</param>
    /// <exception cref="InvalidDataException">The second checkpoint has other tensors.</exception>
    public static CheckpointDifference Of(BaseModelFiles before, WeightSource after, int rank)
    {
        EncoderConfig config = EncoderConfig.Read(before.ReadConfig());
        var head = new HeadSpec { Outputs = 1, Pooling = Pooling.Mean };
        var random = new RandomStream(0, "difference");
        using WeightSource weights = before.OpenWeights();
        using var first = new SequenceModel(weights, config, head, trainHeadDense: false, random);
        using var second = new SequenceModel(after, config, head, trainHeadDense: false, random);
        var difference = new CheckpointDifference(rank);
        foreach ((LinearSlot old, LinearSlot changed) in first.Encoder.Slots.Zip(second.Encoder.Slots))
        {
            difference.Add((FrozenLinear)old.Layer, (FrozenLinear)changed.Layer, random.Fork(old.Name));
        }

        foreach (NormLayer norm in second.Encoder.Norms.Where(norm => !norm.Bias.IsEmpty))
        {
            difference.Keep(norm.Name + ".bias", norm.Bias);
        }

        difference.Measure(weights, after, config.Family.Prefix);
        return difference;
    }

    private void Add(FrozenLinear before, FrozenLinear after, RandomStream random)
    {
        Matrix<double> change = DenseMatrices.Weight(after) - DenseMatrices.Weight(before);
        (Matrix<double> u, double[] values, Matrix<double> vt) = LeadingSvd.Of(change, _rank, random);
        _layers.Add(new LayerDifference(before.Name, [before.OutFeatures, before.InFeatures], change.FrobeniusNorm(), values));
        int rank = values.Length;
        double[] roots = [.. values.Select(Math.Sqrt)];
        State[before.Name + PeftKeys.Down] = Tensor(rank, before.InFeatures, (i, j) => roots[i] * vt[i, j]);
        State[before.Name + PeftKeys.Up] = Tensor(before.OutFeatures, rank, (i, j) => u[i, j] * roots[j]);
        if (after.HasBias)
        {
            Keep(before.Name + ".bias", after.Bias);
        }
    }

    private void Keep(string name, Tensors.Matrix values) =>
        State[name] = new AdapterTensor([values.Columns], values.Span.ToArray());

    // Of every tensor of the encoder that is neither adapted nor kept.
    private void Measure(WeightSource before, WeightSource after, string prefix)
    {
        foreach (string name in before.Names)
        {
            string full = name.StartsWith(prefix, StringComparison.Ordinal) ? name : prefix + name;
            string module = full.EndsWith(".weight", StringComparison.Ordinal) ? full[..^".weight".Length] : full;
            StoredTensor old = before.Find(name)!;
            StoredTensor? changed = after.Find(full) ?? after.Find(full[prefix.Length..]);
            if (changed is not null && old.Type.IsFloat() && changed.ElementCount == old.ElementCount
                && State.Find(full) is null && State.Find(module + PeftKeys.Down) is null)
            {
                _left += old.ToArray().Zip(changed.ToArray(), (x, y) => ((double)y - x) * ((double)y - x)).Sum();
            }
        }
    }

    private static AdapterTensor Tensor(int rows, int columns, Func<int, int, double> value)
    {
        var values = new float[rows * columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                values[(i * columns) + j] = (float)value(i, j);
            }
        }

        return new AdapterTensor([rows, columns], values);
    }
}
