using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>
/// <c>bench transform</c> and <c>bench predict</c>: texts through ML.NET, end to end, tokenizing included: <c>Transform</c> over
/// a view of all texts, or <c>PredictionEngine.Predict</c> row by row. The embedded base with its own pooling. One JSON line.
/// </summary>
internal static class PipelineBench
{
    private const int SpecialTokens = 2;

    public static int RunTransform(string[] args) => Run("transform", args, Transform);

    public static int RunPredict(string[] args) => Run("predict", args, Predict);

    private static int Run(string verb, string[] args, Action<MLContext, ITransformer, Row[][], StepMeter> measure)
    {
        if (BenchOptions.Parse(verb, verb == "predict" ? ["--rows", "1", .. args] : args) is not { } options)
        {
            return 2;
        }

        using IDisposable kernel = options.UseKernel();
        var context = new MLContext(seed: 1);
        Row[][] steps = [.. Rows(options).Chunk(options.Batch)];
        using LoraTransformer model = context.MulticlassClassification.Trainers
            .Lora(new LoraTextClassificationTrainer.Options { Epochs = 1, NumberOfThreads = options.Threads })
            .Fit(Keyed(context, steps.SelectMany(rows => rows).Take(32)));
        var meter = new StepMeter(verb, options);
        measure(context, model, steps, meter);
        Console.WriteLine(JsonSerializer.Serialize(meter.Result()));
        return 0;
    }

    // One step is the whole view: that is how a file of texts is scored.
    private static void Transform(MLContext context, ITransformer model, Row[][] steps, StepMeter meter)
    {
        IDataView view = Keyed(context, steps.Skip(TrainBench.WarmUp).SelectMany(rows => rows));
        int tokens = steps.Skip(TrainBench.WarmUp).Sum(rows => rows.Sum(row => row.Tokens));
        StepMeter.WarmUp(() => Drain(model.Transform(view)));
        meter.CountFlops(() => Drain(model.Transform(view)), tokens);
        meter.Step(tokens, () => Drain(model.Transform(view)));
    }

    private static void Predict(MLContext context, ITransformer model, Row[][] steps, StepMeter meter)
    {
        using var engine = context.Model.CreatePredictionEngine<Row, Prediction>(model);
        var prediction = new Prediction();
        void Step(Row[] rows)
        {
            foreach (Row row in rows)
            {
                engine.Predict(row, ref prediction);
            }
        }

        Row[] first = [.. steps.Take(TrainBench.WarmUp).SelectMany(rows => rows)];
        StepMeter.WarmUp(() => Step(first));
        meter.CountFlops(() => Step(steps[0]), steps[0].Sum(row => row.Tokens));
        foreach (Row[] rows in steps.Skip(TrainBench.WarmUp))
        {
            meter.Step(rows.Sum(row => row.Tokens), () => Step(rows));
        }
    }

    private static void Drain(IDataView scored)
    {
        DataViewSchema.Column column = scored.Schema["Score"];
        using DataViewRowCursor cursor = scored.GetRowCursor([column]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(column);
        VBuffer<float> score = default;
        while (cursor.MoveNext())
        {
            getter(ref score);
        }
    }

    private static IDataView Keyed(MLContext context, IEnumerable<Row> rows)
    {
        IDataView view = context.Data.LoadFromEnumerable(rows.ToArray());
        return context.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
    }

    // Words that are one piece of the vocabulary each, as many as make the wanted number of tokens.
    private static IEnumerable<Row> Rows(BenchOptions options)
    {
        string[] words = Words();
        int[] lengths = options.Lengths((options.Steps + TrainBench.WarmUp) * options.Batch);
        var random = new Random(3);
        return lengths.Select((length, i) => new Row
        {
            Label = i % 2 == 0 ? "even" : "odd",
            Text = string.Join(' ', random.GetItems(words, Math.Max(1, length - SpecialTokens))),
            Tokens = length,
        });
    }

    private static string[] Words()
    {
        BaseModelFiles files = BaseModelFiles.Embedded();
        using Stream stream = files.Open("vocab.txt");
        using var reader = new StreamReader(stream);
        return
        [
            .. reader.ReadToEnd().Split('\n').Where(word => word.Length is >= 3 and <= 8 && word.All(char.IsAsciiLetterLower)).Take(3000),
        ];
    }

    private sealed class Row
    {
        public string Label { get; set; } = string.Empty;

        public string Text { get; set; } = string.Empty;

        [NoColumn]
        public int Tokens { get; set; }
    }

    private sealed class Prediction
    {
        public float[] Score { get; set; } = [];
    }
}
