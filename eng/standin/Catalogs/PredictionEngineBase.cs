using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Binds a class of examples and a class of predictions to a model.</summary>
public abstract class PredictionEngineBase<TSrc, TDst> : IDisposable
    where TSrc : class
    where TDst : class, new()
{
    private readonly InputRow<TSrc> _inputRow;
    private readonly DataViewRow _outputRow;
    private readonly TypedRowWriter<TDst> _writer;
    private readonly bool _ownsTransformer;
    private bool _disposed;

    private protected PredictionEngineBase(IHostEnvironment env, ITransformer transformer, bool ignoreMissingColumns,
        SchemaDefinition inputSchemaDefinition = null, SchemaDefinition outputSchemaDefinition = null,
        bool ownsTransformer = true)
    {
        Contracts.CheckValue(env, nameof(env));
        env.CheckValue(transformer, nameof(transformer));
        _ownsTransformer = ownsTransformer;
        Transformer = transformer;
        var definition = inputSchemaDefinition
            ?? SchemaDefinition.Create(typeof(TSrc), SchemaDefinition.Direction.Read);
        _inputRow = new InputRow<TSrc>(env, TypedSchema.Create(typeof(TSrc), definition));

        // ML.NET has one component more here; it takes a seed from the environment.
        env.Register("DataViewConstructionUtils");
        env.CheckParam(transformer.IsRowToRowMapper, nameof(transformer), "Must be a row to row mapper");
        var mapper = transformer.GetRowToRowMapper(_inputRow.Schema);
        OutputSchema = mapper.OutputSchema;
        IHost host = env.Register("TypedCursorable");
        var bound = TypedRowWriter<TDst>.Bind(env, OutputSchema, ignoreMissingColumns, outputSchemaDefinition);
        _outputRow = mapper.GetRow(_inputRow,
            bound.Select(column => OutputSchema[column.ColumnName]).DistinctBy(column => column.Index));
        Channel = host.Start("Row");
        _writer = TypedRowWriter<TDst>.Create(_outputRow, bound);
    }

    public DataViewSchema OutputSchema { get; }

    private protected ITransformer Transformer { get; }

    private IChannel Channel { get; }

    public TDst Predict(TSrc example)
    {
        TDst prediction = null;
        Predict(example, ref prediction);
        return prediction;
    }

    public abstract void Predict(TSrc example, ref TDst prediction);

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _outputRow.Dispose();
        if (_ownsTransformer)
        {
            (Transformer as IDisposable)?.Dispose();
        }
    }

    private protected void ExtractValues(TSrc example) => _inputRow.ExtractValues(example);

    private protected void FillValues(TDst prediction) => _writer.Fill(prediction);
}
