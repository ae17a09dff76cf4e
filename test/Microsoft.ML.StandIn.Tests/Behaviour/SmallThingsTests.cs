using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Behaviour;

/// <summary>Small things that the recordings do not show, as the library was seen to do them.</summary>
public sealed class SmallThingsTests
{
    [Theory]
    [InlineData(3, 0, 0x59fca925ff6d0a4a, 1, "7b755d9401b55865", "169887e8fa7b4ce7", 3)]
    [InlineData(0, 3, 0xe7866718598e5339, 3, "715ef781eb48", "b724312de263d850", 384)]
    public void RowIds_CombineAndHash(
        ulong low, ulong high, ulong otherLow, ulong otherHigh, string combinedLow, string combinedHigh, int hash)
    {
        var id = new DataViewRowId(low, high);
        DataViewRowId combined = id.Combine(new DataViewRowId(otherLow, otherHigh));
        string text = combined.ToString();
        Assert.StartsWith(combinedHigh, text, StringComparison.Ordinal);
        Assert.EndsWith(combinedLow, text, StringComparison.Ordinal);
        Assert.Equal(hash, id.GetHashCode());
    }

    [Theory]
    [InlineData("Text", 6)]
    [InlineData("Number", 6)]
    [InlineData("Key", 7)]
    [InlineData("Time", 7)]
    [InlineData(null, 6)]
    public void Splits_TakeSeedsFromTheContext(string? key, int registered) => AssertRegisters(
        registered, (context, view) => context.Data.TrainTestSplit(view, 0.3, key));

    [Fact]
    public void ModelsAndEngines_TakeSeedsFromTheContext()
    {
        AssertRegisters(3, (context, view) => context.Transforms.CopyColumns("Copy", "Text").Fit(view));
        AssertRegisters(
            6,
            (context, view) => context.Model.CreatePredictionEngine<Row, Prediction>(
                context.Transforms.CopyColumns("Copy", "Text").Fit(view)));
    }

    [Fact]
    public async Task Cache_ReadsColumnsAheadWhenTold()
    {
        var context = new MLContext(1);
        var filled = new TaskCompletionSource();
        context.Log += (_, e) =>
        {
            if (e.RawMessage.StartsWith("End cache", StringComparison.Ordinal))
            {
                filled.SetResult();
            }
        };
        context.Data.Cache(context.Data.LoadFromEnumerable(new[] { new Row() }), "Text");
        await filled.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Mistakes_GetTheLibrarysWords()
    {
        AssertThrows<ArgumentOutOfRangeException>(
            "The cardinality of valid values of a KeyDataViewType column has to be strictly positive.",
            () => new KeyTypeAttribute(0));
        AssertThrows<ArgumentOutOfRangeException>("Should be non-negative number", () => new VectorTypeAttribute(-1));
        AssertThrows<ArgumentOutOfRangeException>(
            "Should contain only non-negative values", () => new VectorTypeAttribute(1, -1));
        var context = new MLContext(1);
        IDataView view = context.Data.LoadFromEnumerable(new[] { new Row() });
        ITransformer model = context.Transforms.Conversion.MapValueToKey("Out", "Text").Fit(view);
        AssertThrows<InvalidOperationException>(
            "Could not apply a map over type 'String' to column 'Out' since it has type 'Single'",
            () => model.Transform(context.Data.LoadFromEnumerable(new[] { new OtherRow() })));
        Assert.Throws<IndexOutOfRangeException>(() => Evaluate(context, 5));
        Assert.Equal(4, Evaluate(context, 4).TopKPredictionCount);
    }

    private static MulticlassClassificationMetrics Evaluate(MLContext context, int topK) =>
        context.MulticlassClassification.Evaluate(
            context.Data.LoadFromEnumerable(new[] { new Scored() }), topKPredictionCount: topK);

    private static void AssertThrows<T>(string message, Action action)
        where T : Exception => Assert.StartsWith(message, Assert.Throws<T>(action).Message, StringComparison.Ordinal);

    private static void AssertRegisters(int expected, Action<MLContext, IDataView> action)
    {
        var context = new MLContext(7);
        action(context, context.Data.LoadFromEnumerable(new[] { new Row() }));
        int after = Next(context);
        int registered = Enumerable.Range(0, 50).First(count => Next(Registered(count)) == after);
        Assert.Equal(expected, registered);
    }

    private static MLContext Registered(int count)
    {
        var context = new MLContext(7);
        for (int i = 0; i < count; i++)
        {
            ((IHostEnvironment)context).Register("Any");
        }

        return context;
    }

    private static int Next(MLContext context) => ((IHostEnvironment)context).Register("Any").Rand.Next();

    private sealed class Row
    {
        public string Text { get; set; } = "a";

        public int Number { get; set; }

        [KeyType(3)]
        public uint Key { get; set; } = 1;

        public DateTime Time { get; set; }
    }

    private sealed class OtherRow
    {
        public float Text { get; set; }
    }

    private sealed class Scored
    {
        [KeyType(3)] public uint Label = 1;
        [KeyType(3)] public uint PredictedLabel = 1;
        [VectorType(3)] public float[] Score = [0.5f, 0.25f, 0.25f];
    }

    private sealed class Prediction
    {
        public string Copy { get; set; } = "";
    }
}
