using Microsoft.ML.Data;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora;

/// <summary>
/// A fine-tuned text classifier in a pipeline: adds the most probable class and the class probabilities to every row.
/// Views and prediction engines may use it from several threads at once; dispose it when none does any more.
/// </summary>
public sealed class LoraTransformer : ITransformer, IDisposable
{
    private readonly IHost _host;
    private readonly InputColumns _inputs;
    private readonly OutputColumns _outputs;

    internal LoraTransformer(IHostEnvironment environment, LoraModel model)
    {
        _host = environment.Register(nameof(LoraTransformer));
        Model = model;
        ColumnNames columns = model.Contents.Columns;
        _inputs = new InputColumns(columns.Text, columns.TextPair, columns.Label, Weight: null);
        _outputs = new OutputColumns(columns.PredictedLabel, columns.Score, model.Contents.Labels);
    }

    /// <summary>The model: its parameters, layers, labels, base and training history.</summary>
    public LoraModel Model { get; }

    /// <summary>True: a row's result depends on that row alone.</summary>
    bool ITransformer.IsRowToRowMapper => true;

    /// <summary>The schema with the predicted label and the score appended.</summary>
    /// <param name="inputSchema">A schema with the text column (and the second one of a model of pairs).</param>
    /// <exception cref="ArgumentOutOfRangeException">A text column is missing or is no text.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema, nameof(inputSchema)).Output;

    /// <summary>The view with the predicted label and the score appended, computed when a cursor asks for them.</summary>
    /// <param name="input">A view with the text column (and the second one of a model of pairs).</param>
    /// <exception cref="ArgumentOutOfRangeException">A text column is missing or is no text.</exception>
    public IDataView Transform(IDataView input)
    {
        MLNetAccess.CheckValue(_host, input, nameof(input));
        return new ScoringDataView(input, Bind(input.Schema, nameof(input)), Model.Classifier);
    }

    /// <summary>
    /// The same model with every update cut to a rank: the nearest update of that rank, by its singular value decomposition.
    /// </summary>
    /// <param name="rank">The rank, 1 or more; updates of lower rank stay what they are.</param>
    /// <returns>A classifier of its own, to be disposed when it is no longer used.</returns>
    /// <exception cref="InvalidOperationException">The model has no low-rank updates.</exception>
    public LoraTransformer TruncateTo(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        return new LoraTransformer(_host, Model.Truncate(_ => rank));
    }

    /// <summary>The same model with every update cut to the least rank that keeps a share of its energy Σσ².</summary>
    /// <param name="share">The share, above 0 and at most 1.</param>
    /// <returns>A classifier of its own, to be disposed when it is no longer used.</returns>
    /// <exception cref="InvalidOperationException">The model has no low-rank updates.</exception>
    public LoraTransformer TruncateToEnergy(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        return new LoraTransformer(_host, Model.Truncate(layer => layer.RankForEnergy(share)));
    }

    /// <summary>
    /// A model with low-rank updates made of one that was trained in full: for each linear layer of the encoder the nearest update
    /// of a rank to what was changed, with the biases and the head as they were trained. What changed in embeddings and the factors
    /// of layer norms is left out; <see cref="LoraExtraction"/> measures such errors.
    /// </summary>
    /// <param name="rank">The rank, 1 or more.</param>
    /// <returns>A classifier of its own, to be disposed when it is no longer used.</returns>
    /// <exception cref="InvalidOperationException">The model was not trained in full.</exception>
    /// <exception cref="InvalidDataException">The base model, which is read again, is not the one that was trained.</exception>
    public LoraTransformer ToLowRank(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        return new LoraTransformer(_host, Model.ToLowRank(rank));
    }

    /// <summary>Frees what scoring holds in memory. Views of this transformer cannot be read afterwards.</summary>
    public void Dispose() => Model.Dispose();

    /// <summary>A mapper of single rows.</summary>
    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) =>
        new ScoringRowMapper(Bind(inputSchema, nameof(inputSchema)), Model.Classifier);

    void ICanSaveModel.Save(ModelSaveContext ctx) => MLNetAccess.SaveHeader(ctx,
        ModelArchive.Write(Model.Contents, (name, write) => MLNetAccess.SaveFile(ctx, name, write)));

    internal static LoraTransformer Load(
        IHostEnvironment environment, string header, Func<string, Action<Stream>, bool> tryRead) =>
        new(environment, new LoraModel(ModelArchive.Read(header, tryRead), Environment.ProcessorCount));

    private ScoringSchema Bind(DataViewSchema schema, string parameter)
    {
        MLNetAccess.CheckValue(_host, schema, parameter);
        return new ScoringSchema(_host, schema, _inputs, _outputs);
    }
}
