using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Views;

/// <summary>Splits, shuffles and filters give the recorded rows for each seed.</summary>
public sealed class SplitTests(ITestOutputHelper output)
{
    [SkippableFact]
    public void Rows_AreThoseRecorded()
    {
        JsonElement[] cases = [.. Golden.Read("behaviour/splits.json").EnumerateArray()];
        foreach (JsonElement recorded in cases)
        {
            string call = recorded.GetProperty("call").GetString()!;
            switch (call)
            {
                case "TrainTestSplit":
                    CompareTrainTest(recorded);
                    break;
                case "CrossValidationSplit":
                    CompareFolds(recorded);
                    break;
                case "ShuffleRows":
                    CompareShuffle(recorded);
                    break;
                case "MLContext() without seed":
                    CompareWithoutSeed(recorded);
                    break;
                case "TrainTestSplit twice on one context" or "same test set enumerated twice":
                    CompareRepeats(recorded);
                    break;
                default:
                    CompareFilters(recorded);
                    break;
            }
        }

        output.WriteLine($"{cases.Length} of {cases.Length} splits compared");
    }

    private static void CompareTrainTest(JsonElement recorded)
    {
        var context = new MLContext(Number(recorded, "mlContextSeed"));
        IDataView data = Make(context, Number(recorded, "rows") ?? 10);
        double fraction = !recorded.TryGetProperty("testFraction", out JsonElement given) ? 0.1
            : given.ValueKind == JsonValueKind.String ? double.NaN : given.GetDouble();
        DataOperationsCatalog.TrainTestData Split() =>
            context.Data.TrainTestSplit(data, fraction, Key(recorded), Number(recorded, "seedArgument"));
        JsonElement outcome = recorded.GetProperty("result");
        if (!outcome.GetProperty("ok").GetBoolean())
        {
            ExceptionText.AssertThrows("split", outcome.GetProperty("exception"), () => Split());
            return;
        }

        DataOperationsCatalog.TrainTestData parts = Split();
        JsonElement result = outcome.GetProperty("result");
        Assert.Equal(Numbers(result.GetProperty("test")), Ids(parts.TestSet));
        Assert.Equal(result.GetProperty("trainCount").GetInt32(), Ids(parts.TrainSet).Count);
        Assert.Equal(["Id", "Key", "G"], parts.TrainSet.Schema.Select(column => column.Name));
    }

    private static void CompareFolds(JsonElement recorded)
    {
        var context = new MLContext(Number(recorded, "mlContextSeed"));
        IDataView data = Make(context, Number(recorded, "rows")!.Value);
        int count = Number(recorded, "numberOfFolds")!.Value;
        IReadOnlyList<DataOperationsCatalog.TrainTestData> Split() =>
            context.Data.CrossValidationSplit(data, count, Key(recorded), Number(recorded, "seedArgument"));
        JsonElement outcome = recorded.GetProperty("result");
        if (!outcome.GetProperty("ok").GetBoolean())
        {
            ExceptionText.AssertThrows("split", outcome.GetProperty("exception"), () => Split());
            return;
        }

        IReadOnlyList<DataOperationsCatalog.TrainTestData> folds = Split();
        JsonElement result = outcome.GetProperty("result");
        JsonElement tests = result.ValueKind == JsonValueKind.Array ? result : result.GetProperty("testPerFold");
        Assert.Equal(tests.EnumerateArray().Select(Numbers), folds.Select(fold => Ids(fold.TestSet)));
        if (result.ValueKind == JsonValueKind.Object)
        {
            Assert.Equal(
                Numbers(result.GetProperty("trainCountPerFold")), folds.Select(fold => Ids(fold.TrainSet).Count));
        }
    }

    private static void CompareShuffle(JsonElement recorded)
    {
        var context = new MLContext(Number(recorded, "mlContextSeed"));
        IDataView shuffled = context.Data.ShuffleRows(
            Make(context, Number(recorded, "rows")!.Value),
            Number(recorded, "seedArgument"),
            Number(recorded, "shufflePoolSize") ?? 1000,
            !recorded.TryGetProperty("shuffleSource", out JsonElement source) || source.GetBoolean());
        JsonElement result = recorded.GetProperty("result").GetProperty("result");
        if (result.ValueKind == JsonValueKind.Array)
        {
            Assert.Equal(Numbers(result), Ids(shuffled));
            return;
        }

        Assert.Equal(Numbers(result.GetProperty("first")), Ids(shuffled));
        Assert.Equal(Numbers(result.GetProperty("secondEnumeration")), Ids(shuffled));
    }

    private static void CompareWithoutSeed(JsonElement recorded)
    {
        // The recorded shuffles differ from one context to the next; every row being there is all they have in common.
        var context = new MLContext();
        IDataView data = Make(context, Number(recorded, "rows")!.Value);
        Assert.Equal(
            Numbers(recorded.GetProperty("TrainTestSplit_0.3_test")),
            Ids(context.Data.TrainTestSplit(data, 0.3).TestSet));
        Assert.Equal(
            Numbers(recorded.GetProperty("ShuffleRows")).Order(), Ids(context.Data.ShuffleRows(data)).Order());
    }

    private static void CompareRepeats(JsonElement recorded)
    {
        var context = new MLContext(1);
        IDataView data = Make(context, Number(recorded, "rows")!.Value);
        IDataView first = context.Data.TrainTestSplit(data, 0.2).TestSet;
        Assert.Equal(Numbers(recorded.GetProperty("first")), Ids(first));
        Assert.Equal(Numbers(recorded.GetProperty("second")), Ids(first));
        Assert.Equal(Numbers(recorded.GetProperty("second")), Ids(context.Data.TrainTestSplit(data, 0.2).TestSet));
    }

    private static void CompareFilters(JsonElement recorded)
    {
        var context = new MLContext(1);
        IDataView data = Make(context, Number(recorded, "rows")!.Value);
        JsonElement result = recorded.GetProperty("result");
        Assert.Equal(Numbers(result.GetProperty("take3")), Ids(context.Data.TakeRows(data, 3)));
        Assert.Equal(Numbers(result.GetProperty("skip8")), Ids(context.Data.SkipRows(data, 8)));
        Assert.Equal(
            Numbers(result.GetProperty("filterG_0.25_0.75").GetProperty("result")),
            Ids(context.Data.FilterRowsByColumn(data, "G", 0.25, 0.75)));
        ExceptionText.AssertThrows(
            "filter",
            result.GetProperty("filterId").GetProperty("exception"),
            () => context.Data.FilterRowsByColumn(data, "Id", 3, 7));
    }

    private static int? Number(JsonElement recorded, string name) =>
        recorded.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            ? value.GetInt32()
            : null;

    private static string? Key(JsonElement recorded) =>
        recorded.TryGetProperty("samplingKeyColumnName", out JsonElement name) ? name.GetString() : null;

    private static List<int> Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetInt32())];

    private static IDataView Make(MLContext context, int rows) =>
        context.Data.LoadFromEnumerable(Enumerable.Range(0, rows)
            .Select(i => new SplitRow { Id = i, Key = $"g{i % 7}", G = i % 5 / 4f })
            .ToArray());

    private static List<int> Ids(IDataView view)
    {
        var ids = new List<int>();
        DataViewSchema.Column column = view.Schema["Id"];
        using DataViewRowCursor cursor = view.GetRowCursor([column]);
        ValueGetter<int> getter = cursor.GetGetter<int>(column);
        int id = 0;
        while (cursor.MoveNext())
        {
            getter(ref id);
            ids.Add(id);
        }

        return ids;
    }

    private sealed class SplitRow
    {
        public int Id;
        public string Key = "";
        public float G;
    }
}
