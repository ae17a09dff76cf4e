using Microsoft.ML.Data;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Runtime;
using Kind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace Microsoft.ML.Lora;

/// <summary>
/// The <see cref="IEstimator{TTransformer}"/> that puts an adapter trained before, by Python's PEFT or by this library, into a
/// pipeline: nothing is trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator, use [LoraFromAdapter](xref:Microsoft.ML.LoraCatalog.LoraFromAdapter*) of
/// `mlContext.MulticlassClassification.Trainers`.
///
/// ### Input and Output Columns
/// The input text columns must be of [text](xref:Microsoft.ML.Data.TextDataViewType) type; no label column is needed.
///
/// | Output Column Name | Column Type | Description |
/// | -- | -- | -- |
/// | `PredictedLabel` | key | The most probable class, with the names of the classes as key values. |
/// | `Score` | Vector of Single | The probability of each class; they sum to 1. |
///
/// The key's values are in the order of the adapter's outputs. To evaluate against a label column, map that column to a key of
/// the same order first: `MapValueToKey` takes it as `keyData`.
///
/// The folder holds `adapter_config.json` with `adapter_model.safetensors` (or `.bin`, read without executing anything), of LoRA,
/// rsLoRA, DoRA, PiSSA or OLoRA; other kinds are refused by the name of the setting. The base model is read from where the
/// adapter names it, from the hub if need be.
/// ]]></format>
/// </remarks>
/// <seealso cref="LoraCatalog"/>
public sealed class LoraAdapterEstimator : IEstimator<LoraTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly IHost _host;
    private readonly AdapterImport _import;
    private readonly InputColumns _inputs;

    internal LoraAdapterEstimator(IHostEnvironment environment, AdapterImport import)
    {
        _environment = environment;
        _host = environment.Register(nameof(LoraAdapterEstimator));
        _import = import;
        _inputs = new InputColumns(import.Columns.Text, import.Columns.TextPair, import.Columns.Label, Weight: null);
    }

    /// <summary>Reads the adapter and its base model. It sees nothing of the data but their columns.</summary>
    /// <param name="input">A view with the text columns; its rows are not read.</param>
    /// <returns>The classifier, to be disposed when it is no longer used.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A text column is missing or is no text.</exception>
    /// <exception cref="ArgumentException">There are not as many labels as the adapter has outputs.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or none with the base model.</exception>
    /// <exception cref="FileNotFoundException">A file of the adapter or of the base model is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the adapter does not fit the base model.</exception>
    /// <exception cref="NotSupportedException">The adapter or the base model is of a kind that is not supported.</exception>
    public LoraTransformer Fit(IDataView input)
    {
        MLNetAccess.CheckValue(_host, input, nameof(input));
        _inputs.CheckText(_host, MLNetAccess.ShapeOf(input.Schema));
        return Load();
    }

    /// <summary>The classifier without any data: to score single texts, to save it merged, or to train it further.</summary>
    /// <returns>The classifier, to be disposed when it is no longer used.</returns>
    /// <exception cref="ArgumentException">There are not as many labels as the adapter has outputs.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or none with the base model.</exception>
    /// <exception cref="FileNotFoundException">A file of the adapter or of the base model is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the adapter does not fit the base model.</exception>
    /// <exception cref="NotSupportedException">The adapter or the base model is of a kind that is not supported.</exception>
    public LoraTransformer Load() => new(_environment, new LoraModel(_import.Read(), Environment.ProcessorCount));

    /// <summary>The shape of the schema after this estimator: the input's, the score and the predicted label.</summary>
    /// <param name="inputSchema">The shape before it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A text column is missing or has another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        MLNetAccess.CheckValue(_host, inputSchema, nameof(inputSchema));
        _inputs.CheckText(_host, inputSchema);
        var names = new SchemaShape(
            [MLNetAccess.ShapeColumn("KeyValues", Kind.Vector, TextDataViewType.Instance, isKey: false)]);
        SchemaShape.Column label = MLNetAccess.ShapeColumn(
            _import.Columns.Label, Kind.Scalar, NumberDataViewType.UInt32, isKey: true, names);
        return OutputShape.Append(inputSchema, label, _import.Columns.PredictedLabel, _import.Columns.Score);
    }
}
