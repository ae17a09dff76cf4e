using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Training.Resuming;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> to fine-tune a pretrained text encoder with low-rank adapters (LoRA) for
/// multiclass classification.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this trainer, use [Lora](xref:Microsoft.ML.LoraCatalog.Lora*) of `mlContext.MulticlassClassification.Trainers`.
///
/// ### Input and Output Columns
/// The input label column must be of [key](xref:Microsoft.ML.Data.KeyDataViewType) type, the input text columns of
/// [text](xref:Microsoft.ML.Data.TextDataViewType) type, and the example weight column, if any, of Single type.
///
/// | Output Column Name | Column Type | Description |
/// | -- | -- | -- |
/// | `PredictedLabel` | key | The most probable class, with the label's key values. |
/// | `Score` | Vector of Single | The probability of each class; they sum to 1. |
///
/// ### Trainer Characteristics
/// | | |
/// | -- | -- |
/// | Machine learning task | Multiclass classification |
/// | Is normalization required? | No |
/// | Is caching required? | No: the rows are read once |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lora, and Microsoft.ML.Lora.MiniLM for the embedded base model |
/// | Exportable to ONNX | No |
///
/// ### Training Algorithm Details
/// The pretrained weights W stay as they are; every adapted linear layer learns an update of low rank,
/// W + (alpha/r)·B·A with A of r rows and B of r columns, and a small head on top learns the classes
/// ([Hu et al. 2021](https://arxiv.org/abs/2106.09685)). By default the optimiser is AdamW, with a warm-up and a linear decay of the
/// learning rate. After every epoch the model is validated, and the best epoch's model is the one returned.
/// ]]></format>
/// </remarks>
/// <seealso cref="LoraCatalog"/>
public sealed partial class LoraTextClassificationTrainer : IEstimator<LoraTransformer>
{
    private const int FewestSearchSteps = 10;

    private readonly IHostEnvironment _environment;
    private readonly IHost _host;
    private readonly TrainerSettings _settings;

    internal LoraTextClassificationTrainer(IHostEnvironment environment, Options options)
    {
        _environment = environment;
        _host = environment.Register(nameof(LoraTextClassificationTrainer));
        _settings = new TrainerSettings(options);
    }

    /// <summary>Fine-tunes the base model on the rows of a view.</summary>
    /// <param name="input">The training rows; rows without a label are skipped.</param>
    /// <returns>The fine-tuned classifier, to be disposed when it is no longer used.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type, or the label has fewer than
    /// two classes.</exception>
    /// <exception cref="InvalidOperationException">No row has a label, all rows have the same one, or the loss is no
    /// longer a finite number, or CheckpointFolder holds the checkpoints of another run.</exception>
    /// <exception cref="InvalidDataException">No checkpoint in CheckpointFolder can be read.</exception>
    /// <exception cref="OperationCanceledException">The token of the options was cancelled.</exception>
    public LoraTransformer Fit(IDataView input) => Fit(input, null);

    /// <summary>Fine-tunes a model further, on the rows of a view: from its adapter and its head instead of from the base.</summary>
    /// <param name="input">The training rows; rows without a label are skipped.</param>
    /// <param name="previous">
    /// The model to go on from, trained here, loaded from a zip or read from a PEFT folder. The options must name the same base
    /// model, rank, alpha and kind of update. Classes are matched by name, whatever their order; those of the model that the rows
    /// lack stay, behind the others. Null begins with the base model.
    /// </param>
    /// <returns>A new classifier, to be disposed when it is no longer used; <paramref name="previous"/> is left as it is.</returns>
    /// <exception cref="ArgumentException">The model does not fit the options or the rows; the message names every reason. New
    /// classes are added only when <see cref="Options.AddNewClasses"/> is set.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type, or the label has fewer than
    /// two classes.</exception>
    /// <exception cref="InvalidOperationException">No row has a label, all rows have the same one, the loss is no longer a
    /// finite number, or CheckpointFolder holds the checkpoints of another run.</exception>
    /// <exception cref="InvalidDataException">No checkpoint in CheckpointFolder can be read.</exception>
    /// <exception cref="OperationCanceledException">The token of the options was cancelled.</exception>
    public LoraTransformer Fit(IDataView input, LoraTransformer? previous) => Run(input, run => new LoraTransformer(
        _environment, run.Run(input, previous is null ? null : new PreviousModel(previous.Model.Contents))));

    /// <summary>
    /// Looks for a learning rate: takes one training step at each of some exponentially rising rates, and watches the loss. It
    /// costs as much time as twice that many steps; no model comes of it. The rate is found for the other options as they are.
    /// </summary>
    /// <param name="input">The training rows.</param>
    /// <param name="lowest">The rate of the first step, above 0.</param>
    /// <param name="highest">The rate of the last step, above <paramref name="lowest"/>; the search ends sooner where the loss
    /// leaves all bounds.</param>
    /// <param name="steps">Number of steps, 10 or more.</param>
    /// <returns>The curve, and the rate it suggests.</returns>
    /// <exception cref="ArgumentException">A rate or the number of steps is out of its range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type, or the label has fewer than
    /// two classes.</exception>
    /// <exception cref="InvalidOperationException">No row has a label, all rows have the same one, or the loss is no finite
    /// number from the start.</exception>
    /// <exception cref="OperationCanceledException">The token of the options was cancelled.</exception>
    public LoraLearningRateCurve FindLearningRate(
        IDataView input, float lowest = 1e-6f, float highest = 1, int steps = 100)
    {
        if (!(lowest > 0 && highest > lowest && float.IsFinite(highest)) || steps < FewestSearchSteps)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"Learning rates from {lowest} to {highest} in {steps} steps cannot be searched: the first must be above 0, the ") +
                $"second above the first, and the steps {FewestSearchSteps} or more.");
        }
        float[] rates =
            [.. Enumerable.Range(0, steps).Select(i => (float)(lowest * Math.Pow(highest / lowest, i / (steps - 1.0))))];
        return Run(input, run => new LoraLearningRateCurve(run.Sweep(input, rates)));
    }

    /// <summary>The shape of the schema after this trainer: the input's, the score and the predicted label.</summary>
    /// <param name="inputSchema">The shape before it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        MLNetAccess.CheckValue(_host, inputSchema, nameof(inputSchema));
        SchemaShape.Column label = _settings.Inputs.Check(_host, inputSchema);
        return OutputShape.Append(
            inputSchema, label, _settings.Options.PredictedLabelColumnName, _settings.Options.ScoreColumnName);
    }

    private TResult Run<TResult>(IDataView input, Func<TrainingRun, TResult> run)
    {
        MLNetAccess.CheckValue(_host, input, nameof(input));
        MLNetAccess.CheckAlive(_host);
        using IChannel channel = _host.Start("Training");
        int seed = _settings.Options.Seed ?? MLNetAccess.Seed(_environment) ?? KeptSeed() ?? Random.Shared.Next();
        CheckDevice(channel);
        using var reporter = new TrainingReporter(_host, channel, _settings.Options.Progress);
        return run(new TrainingRun(_host, _settings, reporter, seed));
    }

    // Without a seed, a run that is resumed takes the one it began with.
    private int? KeptSeed() => _settings.Options.CheckpointFolder is { } folder ? RunFolder.SeedIn(folder) : null;

    private void CheckDevice(IChannel channel)
    {
        if (MLNetAccess.GpuDeviceId(_environment) is not int device)
        {
            return;
        }
        if (!MLNetAccess.FallbackToCpu(_environment))
        {
            throw MLNetAccess.BadState(_host,
                $"MLContext.GpuDeviceId asks for GPU {device} and FallbackToCpu is false, but this trainer computes on the " +
                "CPU: set FallbackToCpu to true, or GpuDeviceId to null.");
        }
        channel.Warning(MessageSensitivity.None,
            $"MLContext.GpuDeviceId asks for GPU {device}; this trainer computes on the CPU.");
    }
}
