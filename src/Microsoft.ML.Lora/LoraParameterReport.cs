using System.Globalization;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora;

/// <summary>
/// What low-rank updates cost, layer by layer and in all, and what other ranks would: before a training by
/// <see cref="For(LoraTextClassificationTrainer.Options, int)"/>, of a trained model by
/// <see cref="LoraModel.ReportParameters"/>. <see cref="ToString"/> is a table to print.
/// </summary>
public sealed class LoraParameterReport
{
    private static readonly int[] _ranksToPrint = [1, 2, 4, 8, 16, 32, 64];

    private readonly long _baseFlops;
    private readonly LoraOptimizer _optimizer;

    private LoraParameterReport(
        IReadOnlyList<LoraLayerCost> layers, long baseParameters, long otherParameters, long baseFlops, LoraOptimizer optimizer)
    {
        Layers = layers;
        BaseParameters = baseParameters;
        OtherTrainableParameters = otherParameters;
        _baseFlops = baseFlops;
        _optimizer = optimizer;
    }

    /// <summary>The adapted layers; empty where there are no low-rank updates.</summary>
    public IReadOnlyList<LoraLayerCost> Layers { get; }

    /// <summary>Numbers in the base model.</summary>
    public long BaseParameters { get; }

    /// <summary>Trained numbers of the updates.</summary>
    public long UpdateParameters => Layers.Sum(layer => layer.TrainableParameters);

    /// <summary>Trained numbers beside the updates: the head, and whatever of the base is trained itself.</summary>
    public long OtherTrainableParameters { get; }

    /// <summary>All trained numbers.</summary>
    public long TrainableParameters => UpdateParameters + OtherTrainableParameters;

    /// <summary>Trained numbers of the updates for each number of the base model.</summary>
    public double Share => (double)UpdateParameters / BaseParameters;

    /// <summary>What the optimiser remembers of all trained numbers, in bytes.</summary>
    public long OptimizerBytes => OtherOptimizerBytes(OtherTrainableParameters) + Layers.Sum(layer =>
        BytesOf(layer.InputSize, layer.OutputSize, layer.Rank, layer.TrainableParameters));

    /// <summary>All trained numbers in float32, in bytes: the adapter's file, headers left out.</summary>
    public long FileBytes => sizeof(float) * TrainableParameters;

    /// <summary>Multiplications and additions of a training's forward pass for each that the base's linear layers take.</summary>
    public double ExtraFlops => (double)Layers.Sum(layer => (long)layer.Rank * (layer.InputSize + layer.OutputSize)) / _baseFlops;

    /// <summary>What a training with these options would cost; the base model is read, nothing is trained.</summary>
    /// <param name="options">The trainer's options.</param>
    /// <param name="classes">Number of classes, 2 or more.</param>
    /// <exception cref="ArgumentException">Options are wrong or the base model does not have what they name.</exception>
    public static LoraParameterReport For(LoraTextClassificationTrainer.Options options, int classes)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        var settings = new TrainerSettings(options);
        BaseModelFiles files = settings.BaseModel.Open(null, options.CancellationToken);
        var head = new HeadSpec { Outputs = classes, Pooling = settings.PoolingOf(files) };
        AdapterConfig adapter = settings.AdapterOn(files, head);
        ModelLayout layout = ModelLayout.Read(files, head, adapter);
        bool updates = settings.FineTuning == FineTuning.Lora;
        if (updates)
        {
            AdapterFit.Check(adapter, layout, files.Description);
        }
        using var model = new ManagedModel(
            new SessionSpec { Base = files, FineTuning = settings.FineTuning, Adapter = adapter, Head = head },
            prepare: false);
        IReadOnlyList<LoraLayerCost> layers = !updates ? [] :
        [
            .. layout.Adapted.Select(layer => new LoraLayerCost(layer.Name, layer.Inputs, layer.Outputs, layer.Rank,
                ((long)layer.Rank * (layer.Inputs + layer.Outputs)) + (adapter.UseDora ? layer.Outputs : 0))),
        ];
        return new LoraParameterReport(layers, layout.BaseParameters,
            model.Model.Parameters.Count - layers.Sum(layer => layer.TrainableParameters), FlopsOf(layout), options.Optimizer);
    }

    /// <summary>What one rank for all adapted layers would cost.</summary>
    /// <param name="rank">The rank, 1 or more.</param>
    public LoraRankCost Cost(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        long lengths = Layers.Sum(layer => layer.TrainableParameters - ((long)layer.Rank * (layer.InputSize + layer.OutputSize)));
        long factors = Layers.Sum(layer => (long)rank * (layer.InputSize + layer.OutputSize));
        long bytes = Layers.Sum(layer => BytesOf(layer.InputSize, layer.OutputSize, rank,
            (long)rank * (layer.InputSize + layer.OutputSize)));
        return new LoraRankCost(rank, factors + lengths, bytes + OtherOptimizerBytes(lengths), sizeof(float) * (factors + lengths),
            (double)factors / _baseFlops);
    }

    /// <summary>Two tables: the layers, and what other ranks would cost.</summary>
    public override string ToString()
    {
        var layers = new TextTable("layer", "weight", "numbers", "rank", "trained", "share");
        foreach (LoraLayerCost layer in Layers)
        {
            layers.Add(layer.Name, Text($"{layer.OutputSize}x{layer.InputSize}"), Text($"{layer.BaseParameters:N0}"),
                Text($"{layer.Rank}"), Text($"{layer.TrainableParameters:N0}"), Text($"{layer.Share:P2}"));
        }
        layers.Add("head and others", "", "", "", Text($"{OtherTrainableParameters:N0}"), "");
        layers.Add("all", "", Text($"{BaseParameters:N0}"), "", Text($"{TrainableParameters:N0}"),
            Text($"{(double)TrainableParameters / BaseParameters:P2}"));
        if (Layers.Count == 0)
        {
            return layers.ToString();
        }
        var ranks = new TextTable("rank", "trained", "optimizer KB", "file KB", "extra FLOPs");
        foreach (LoraRankCost cost in _ranksToPrint.Select(Cost))
        {
            ranks.Add(Text($"{cost.Rank}"), Text($"{cost.Parameters:N0}"), Text($"{cost.OptimizerBytes / 1024:N0}"),
                Text($"{cost.FileBytes / 1024:N0}"), Text($"{cost.ExtraFlops:P2}"));
        }
        return $"{layers}\n{ranks}";
    }

    internal static LoraParameterReport Of(LoraModel model)
    {
        ModelContents contents = model.Contents;
        ModelLayout layout = ModelLayout.Read(contents.BaseFiles, contents.Head, new AdapterConfig());
        LoraLayerCost[] layers = [.. model.AdaptedLayers.Select(layer => new LoraLayerCost(
            layer.Name, layer.InputSize, layer.OutputSize, layer.Rank,
            layer.Parameters + (contents.AdapterConfig.UseDora ? layer.OutputSize : 0)))];
        return new LoraParameterReport(layers, layout.BaseParameters,
            model.TrainableParameters - layers.Sum(layer => layer.TrainableParameters), FlopsOf(layout), LoraOptimizer.AdamW);
    }

    private static long FlopsOf(ModelLayout layout) => layout.Linear.Sum(layer => (long)layer.Inputs * layer.Outputs);

    // Adafactor remembers, of a matrix, a double for each row and column.
    private long BytesOf(int inputs, int outputs, int rank, long parameters) => _optimizer == LoraOptimizer.Adafactor
        ? (sizeof(double) * (inputs + outputs + (2L * rank)))
            + OtherOptimizerBytes(parameters - ((long)rank * (inputs + outputs)))
        : OtherOptimizerBytes(parameters);

    private long OtherOptimizerBytes(long parameters) => parameters * _optimizer switch
    {
        LoraOptimizer.Sgd => sizeof(float),
        LoraOptimizer.Adafactor => sizeof(double),
        _ => 2 * sizeof(float),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
