using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Learns the distinct values of columns and numbers them.</summary>
public sealed class ValueToKeyMappingEstimator : IEstimator<ValueToKeyMappingTransformer>
{
    internal const int DefaultMaximumNumberOfKeys = 1000000;

    private readonly IHost _host;
    private readonly (string outputColumnName, string inputColumnName)[] _columns;
    private readonly int _maximumNumberOfKeys;
    private readonly KeyOrdinality _ordinality;
    private readonly bool _annotateAsText;
    private readonly IDataView _keyData;

    internal ValueToKeyMappingEstimator(IHostEnvironment env,
        (string outputColumnName, string inputColumnName)[] columns, int maximumNumberOfKeys,
        KeyOrdinality ordinality, bool annotateAsText, IDataView keyData)
    {
        Contracts.CheckValue(env, nameof(env));
        _host = env.Register(nameof(ValueToKeyMappingEstimator));
        _host.CheckNonEmpty(columns, nameof(columns));
        if (keyData is { Schema.Count: not 1 })
        {
            throw _host.ExceptParam(nameof(keyData), "If specified, this data view should contain only a single " +
                $"column containing the terms to map, but this had {keyData.Schema.Count} columns.");
        }

        _columns = columns;
        _maximumNumberOfKeys = maximumNumberOfKeys;
        _ordinality = ordinality;
        _annotateAsText = annotateAsText;
        _keyData = keyData;
    }

    /// <summary>How the values are numbered.</summary>
    public enum KeyOrdinality : byte
    {
        ByOccurrence = 0,
        ByValue = 1,
    }

    public ValueToKeyMappingTransformer Fit(IDataView input)
    {
        var types = _columns.Select(pair => FindType(input.Schema, pair.inputColumnName)).ToArray();
        var terms = new TermTraining(_host, _maximumNumberOfKeys, _ordinality)
            .Train(input, _columns.Select(pair => pair.inputColumnName).ToArray(), types, _keyData);
        return new ValueToKeyMappingTransformer(_host, _columns, terms, _annotateAsText);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        var shapes = new ShapeBuilder(inputSchema);
        foreach (var (output, input) in _columns)
        {
            var source = shapes.Find(_host, input);
            var annotations = source.Annotations
                .Where(column => column.Name == AnnotationUtils.Kinds.SlotNames)
                .Append(DescribeKeyValues(source));
            shapes.Set(new SchemaShape.Column(output, source.Kind, NumberDataViewType.UInt32, true,
                new SchemaShape(annotations)));
        }

        return shapes.ToShape();
    }

    private SchemaShape.Column DescribeKeyValues(SchemaShape.Column source)
    {
        const SchemaShape.Column.VectorKind Vector = SchemaShape.Column.VectorKind.Vector;
        return source.IsKey && source.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out var values)
            ? new SchemaShape.Column(values.Name, Vector, values.ItemType, values.IsKey)
            : new SchemaShape.Column(AnnotationUtils.Kinds.KeyValues, Vector,
                _annotateAsText ? TextDataViewType.Instance : source.ItemType, source.IsKey);
    }

    private PrimitiveDataViewType FindType(DataViewSchema inputSchema, string name) =>
        inputSchema.GetColumnOrNull(name) is { } column
            ? (PrimitiveDataViewType)column.Type.GetItemType()
            : throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", name);
}
