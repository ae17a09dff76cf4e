using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Behaviour;

/// <summary>Estimators promise the recorded shapes, and their transformers give the recorded schemas.</summary>
public sealed class ShapeTests(ITestOutputHelper output)
{
    private static readonly string[] _outOfScope =
    [
        "Concatenate(All <- Features, Features)", "NormalizeText(N <- Label)", "CustomMapping(In -> OutP)",
        "ConvertType(L2 <- K) of key",
    ];

    [SkippableFact]
    public void Estimators_HaveRecordedShapesAndSchemas()
    {
        var context = new MLContext();
        var data = context.Data.LoadFromEnumerable(new[] { new Row("neg"), new Row("neu"), new Row("pos") });
        var transforms = context.Transforms;
        var estimators = new Dictionary<string, IEstimator<ITransformer>>
        {
            ["MapValueToKey(K <- Label)"] = transforms.Conversion.MapValueToKey("K", "Label"),
            ["MapValueToKey(Label)"] = transforms.Conversion.MapValueToKey("Label"),
            ["CopyColumns(F2 <- Features)"] = transforms.CopyColumns("F2", "Features"),
            ["SelectColumns(Features)"] = transforms.SelectColumns("Features"),
            ["DropColumns(Label)"] = transforms.DropColumns("Label"),
        };
        var all = Golden.Read("behaviour/schema_shapes.json").EnumerateArray().ToArray();
        foreach (var recorded in all)
        {
            var name = recorded.GetProperty("estimator").GetString()!;
            if (_outOfScope.Contains(name))
            {
                continue;
            }

            var estimator = estimators[name];
            var probe = new ShapeProbe();
            var model = estimator.Append(probe).Fit(data);
            Assert.Equal(
                recorded.GetProperty("outputShape").GetProperty("result").EnumerateArray().Select(Print),
                probe.Shape!.Select(Print));
            SchemaText.AssertEqual(recorded.GetProperty("outputSchema").GetProperty("result"),
                model.GetOutputSchema(data.Schema));
        }

        output.WriteLine($"{estimators.Count} of {all.Length} estimators compared; out of scope: " +
            string.Join("; ", _outOfScope));
        Assert.Equal(all.Length - _outOfScope.Length, estimators.Count);
    }

    private static string Print(JsonElement column) =>
        $"{column.GetProperty("name").GetString()} {column.GetProperty("kind").GetString()} " +
        $"{column.GetProperty("itemType").GetString()} {column.GetProperty("isKey").GetBoolean()} " +
        ValueText.Print(column.GetProperty("annotations"));

    private static string Print(SchemaShape.Column column) =>
        $"{column.Name} {column.Kind} {column.ItemType} {column.IsKey} " +
        $"[{string.Join(", ", column.Annotations.Select(a => $"{a.Name}: {a.Kind} {a.ItemType}"))}]";

    /// <summary>Stands at the end of a chain and keeps the shape that it is given.</summary>
    private sealed class ShapeProbe : IEstimator<ITransformer>
    {
        public SchemaShape? Shape { get; private set; }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Shape = inputSchema;

        public ITransformer Fit(IDataView input) => new TransformerChain<ITransformer>();
    }

    private sealed class Row(string label)
    {
        public string Label { get; } = label;

        [VectorType(3)]
        public float[] Features { get; } = [1, 2, 3];
    }
}
