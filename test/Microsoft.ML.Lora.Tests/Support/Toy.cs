using Microsoft.ML.Data;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>Short help-desk messages of three classes that a tiny model learns in a few epochs.</summary>
internal static class Toy
{
    private static readonly (string Label, string[] Texts)[] _messages =
    [
        ("refund", ["my refund is late", "where is my money", "refund my order", "money money money", "refund refund"]),
        ("parcel", ["where is the parcel", "my parcel is late", "the order is late", "parcel parcel", "late parcel!"]),
        ("login", ["my password is bad", "login is bad", "bad login", "the password", "login password login"]),
    ];

    public sealed class Row
    {
        public string? Text { get; set; }

        public string? Pair { get; set; }

        public string? Label { get; set; }

        public float Number { get; set; }
    }

    public sealed class Prediction
    {
        public string? Text { get; set; }

        public uint PredictedLabel { get; set; }

        public float[] Score { get; set; } = [];
    }

    /// <summary>Rows of all classes in turn.</summary>
    public static List<Row> Rows(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i =>
        {
            (string label, string[] texts) = _messages[i % _messages.Length];
            string text = texts[i / _messages.Length % texts.Length];
            return new Row { Text = text, Pair = texts[i % texts.Length], Label = label, Number = i };
        }),
    ];

    /// <summary>The rows as a view, the label a key.</summary>
    public static IDataView View(MLContext context, int count = 60) => View(context, Rows(count));

    /// <summary>The rows as a view, the label a key.</summary>
    public static IDataView View(MLContext context, IEnumerable<Row> rows)
    {
        IDataView view = context.Data.LoadFromEnumerable(rows);
        return context.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
    }

    /// <summary>Options that train the tiny base quickly.</summary>
    public static LoraTextClassificationTrainer.Options Options(int epochs = 4) => new()
    {
        BaseModel = LoraBaseModel.FromFolder(TinyBase.Folder),
        Epochs = epochs,
        BatchSize = 8,
        LearningRate = 5e-3f,
        NumberOfThreads = 1,
        Seed = 1,
        EarlyStoppingPatience = 0,
    };

    /// <summary>A trained model over the toy rows.</summary>
    public static LoraTransformer Train(MLContext context, LoraTextClassificationTrainer.Options? options = null) =>
        context.MulticlassClassification.Trainers.Lora(options ?? Options()).Fit(View(context));

    /// <summary>Every row's scores, end to end.</summary>
    public static float[] Scores(IDataView scored)
    {
        var scores = new List<float>();
        DataViewSchema.Column column = scored.Schema["Score"];
        using DataViewRowCursor cursor = scored.GetRowCursor([column]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(column);
        VBuffer<float> value = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            scores.AddRange(value.DenseValues());
        }
        return [.. scores];
    }
}
