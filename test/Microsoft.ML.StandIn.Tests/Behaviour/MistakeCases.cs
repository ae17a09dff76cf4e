using Microsoft.ML.Data;

namespace Microsoft.ML.StandIn.Tests.Behaviour;

/// <summary>The actions behind the recorded mistakes, by name.</summary>
internal sealed partial class MistakeCases
{
    private readonly MLContext _ml = new(1);
    private readonly IDataView _texts;
    private readonly IDataView _numbers;
    private readonly ITransformer _model;
    private readonly Dictionary<string, Func<object?>> _cases = [];

    public MistakeCases()
    {
        _texts = _ml.Data.LoadFromEnumerable(new[]
        {
            new TextRow { Text = "first", Label = "a" }, new TextRow { Text = "second", Label = "b" },
        });
        _numbers = _ml.Data.LoadFromEnumerable(new[] { new NumberRow { K = 1 } });
        _model = _ml.Transforms.Conversion.MapValueToKey("LabelKey", "Label")
            .Append(_ml.Transforms.CopyColumns("T2", "Text")).Fit(_texts);
        AddTransforms();
        AddChains();
        AddSchemas();
        AddCursors();
        AddTypes();
        AddModels();
        AddEngines();
        AddLoaders();
    }

    public Func<object?> Find(string name) =>
        _cases.GetValueOrDefault(name) ?? throw new InvalidOperationException($"No action for '{name}'");

    private void AddTransforms()
    {
        var conversion = _ml.Transforms.Conversion;
        _cases["MapValueToKey on a column that does not exist: Fit"] = () =>
            conversion.MapValueToKey("K", "Nope").Fit(_texts);
        _cases["MapValueToKey inputColumnName null uses outputColumnName"] = () =>
            conversion.MapValueToKey("Nope").Fit(_texts);
        _cases["MapValueToKey null output name"] = () => conversion.MapValueToKey((string)null!);
        _cases["MapValueToKey maximumNumberOfKeys 0"] = () => conversion.MapValueToKey("K", "Label", 0).Fit(_texts);
        _cases["MapKeyToValue on a text column: Fit"] = () => conversion.MapKeyToValue("V", "Label").Fit(_texts);
        _cases["MapKeyToValue on a key without KeyValues: Fit"] = () =>
            conversion.MapKeyToValue("V", "Key").Fit(_ml.Data.LoadFromEnumerable(new[] { new KeyRow() }));
        _cases["CopyColumns missing source: Fit"] = () => _ml.Transforms.CopyColumns("A", "Nope").Fit(_texts);
        _cases["SelectColumns missing column: Fit"] = () => _ml.Transforms.SelectColumns("Nope").Fit(_texts);
        _cases["DropColumns missing column: Fit then schema"] = () =>
            _ml.Transforms.DropColumns("Nope").Fit(_texts).GetOutputSchema(_texts.Schema);
        _cases["SelectColumns with no names"] = () => _ml.Transforms.SelectColumns();
        _cases["MulticlassClassification.CrossValidate: numberOfFolds 1"] = () =>
            _ml.MulticlassClassification.CrossValidate(_texts, _ml.Transforms.CopyColumns("A", "Label"), 1);
        _cases["Fit(null)"] = () => _ml.Transforms.CopyColumns("K", "Label").Fit(null);
        _cases["Transform(null)"] = () => conversion.MapValueToKey("K", "Label").Fit(_texts).Transform(null);
        _cases["GetOutputSchema(null) on estimator"] = () =>
            conversion.MapValueToKey("K", "Label").GetOutputSchema(null);
        _cases["Transform on a view without the input column"] = () =>
            conversion.MapValueToKey("K", "Label").Fit(_texts).Transform(_numbers);
        _cases["Transform where the input column has another type"] = () => conversion.MapValueToKey("K")
            .Fit(_ml.Data.LoadFromEnumerable(new[] { new { K = "text" } })).Transform(_numbers);
    }

    private void AddChains()
    {
        _cases["Append(null)"] = () => _ml.Transforms.CopyColumns("A", "Label").Append((IEstimator<ITransformer>)null!);
        _cases["EstimatorChain Fit(null)"] = () =>
            _ml.Transforms.CopyColumns("A", "Label").Append(_ml.Transforms.CopyColumns("B", "A")).Fit(null);
        _cases["chain: second step needs a column the first does not make: Fit"] = () =>
            _ml.Transforms.CopyColumns("A", "Label").Append(_ml.Transforms.CopyColumns("B", "Z")).Fit(_texts);
    }

    private void AddSchemas()
    {
        _cases["schema indexer with unknown name"] = () => _texts.Schema["Nope"];
        _cases["schema indexer with unknown index"] = () => _texts.Schema[99];
        _cases["schema.GetColumnOrNull unknown"] = () => _texts.Schema.GetColumnOrNull("Nope") is null;
        _cases["column.GetKeyValues on a non-key"] = () =>
        {
            var values = default(VBuffer<ReadOnlyMemory<char>>);
            _texts.Schema["Label"].GetKeyValues(ref values);
            return null;
        };
        _cases["column.GetSlotNames on a column without"] = () =>
        {
            var names = default(VBuffer<ReadOnlyMemory<char>>);
            _texts.Schema["Label"].GetSlotNames(ref names);
            return null;
        };
        _cases["Annotations.GetValue unknown kind"] = () =>
        {
            var value = 0f;
            _texts.Schema["Label"].Annotations.GetValue("Nope", ref value);
            return null;
        };
        _cases["DataViewSchema.Column.ToString"] = () => _texts.Schema.Select(column => column.ToString());
    }

    private void AddCursors()
    {
        _cases["cursor.GetGetter with the wrong type"] = () => Open().GetGetter<int>(_texts.Schema["Label"]);
        _cases["cursor.GetGetter on an inactive column"] = () =>
            _texts.GetRowCursor([_texts.Schema["Text"]]).GetGetter<ReadOnlyMemory<char>>(_texts.Schema["Label"]);
        _cases["cursor.GetGetter with a column of another schema (same index and name)"] = () =>
        {
            var other = _ml.Data.LoadFromEnumerable(Array.Empty<TextRow>());
            using var cursor = Open();
            cursor.MoveNext();
            return Read(cursor, other.Schema["Label"]);
        };
        _cases["getter before MoveNext"] = () => Read(Open(), _texts.Schema["Label"]);
        _cases["getter after the end"] = () =>
        {
            using var cursor = Open();
            var getter = cursor.GetGetter<ReadOnlyMemory<char>>(_texts.Schema["Label"]);
            while (cursor.MoveNext())
            {
            }

            var value = default(ReadOnlyMemory<char>);
            getter(ref value);
            return value.ToString();
        };
        _cases["cursor positions and batch: Position before, during and after"] = () =>
        {
            using var cursor = Open();
            var seen = new List<object> { cursor.Position };
            while (cursor.MoveNext())
            {
                seen.Add($"{cursor.Position}/{cursor.Batch}");
            }

            seen.Add(cursor.Position);
            return seen;
        };
    }

    private void AddTypes()
    {
        _cases["DataViewType ToString samples"] = () => TypeSamples.All.Select(type => type.ToString());
        _cases["KeyDataViewType bad type"] = () => new KeyDataViewType(typeof(int), 5);
        _cases["KeyDataViewType count 0"] = () => new KeyDataViewType(typeof(uint), 0);
        _cases["VectorDataViewType negative"] = () => new VectorDataViewType(NumberDataViewType.Single, -1);
        _cases["KeyDataViewType default counts"] = () => $"uint:{new KeyDataViewType(typeof(uint), uint.MaxValue)}";
    }

    private DataViewRowCursor Open() => _texts.GetRowCursor(_texts.Schema);

    private static string Read(DataViewRow row, DataViewSchema.Column column)
    {
        var value = default(ReadOnlyMemory<char>);
        row.GetGetter<ReadOnlyMemory<char>>(column)(ref value);
        return value.ToString();
    }
}

/// <summary>One type of each kind.</summary>
internal static class TypeSamples
{
    public static DataViewType[] All { get; } =
    [
        TextDataViewType.Instance, BooleanDataViewType.Instance, NumberDataViewType.Single, NumberDataViewType.Double,
        NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16, NumberDataViewType.UInt16,
        NumberDataViewType.Int32, NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64,
        DateTimeDataViewType.Instance, DateTimeOffsetDataViewType.Instance, TimeSpanDataViewType.Instance,
        RowIdDataViewType.Instance, new KeyDataViewType(typeof(uint), 10), new KeyDataViewType(typeof(byte), 3),
        new VectorDataViewType(NumberDataViewType.Single), new VectorDataViewType(NumberDataViewType.Single, 3),
        new VectorDataViewType(NumberDataViewType.Single, 2, 3),
        new VectorDataViewType(NumberDataViewType.Single, 0, 3),
        new VectorDataViewType(new KeyDataViewType(typeof(uint), 10), 3),
    ];
}
