using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

/// <summary>
/// Trains with the product's defaults on one file of labelled texts, scores another and prints one line of JSON. The files are
/// tab-separated with a header, the label first; a second text column is the pair.
/// </summary>
internal static class AccuracyBench
{
    private const string Usage =
        "usage: bench accuracy --train FILE --test FILE [--validate FILE] [--base FOLDER] [--epochs N] [--rank R|auto] [--alpha A] [--lr X] [--seed S]\n" +
        "       [--batch B] [--dropout P] [--pooling auto|mean|firsttoken|familyhead] [--patience N] [--holdout F] [--averaging F] [--per-class N] [--probe 0]\n" +
        "       [--warmup F] [--decay W] [--max-tokens T] [--threads N] [--task multiclass] [--progress]\n" +
        "       [--fine-tuning lora|full|head-only] [--formulation dora] [--initialization pissa] [--scaling rank-stabilized] [--bias all]\n" +
        "       [--targets all|qv|attention|ffn|NAME,…] [--optimizer sgd] [--momentum M] [--schedule one-cycle] [--accumulation N]\n" +
        "       [--clip X] [--head-lr X] [--lora-plus X] [--loss focal|contrastive] [--focal-gamma G] [--label-smoothing E] [--balanced 1]\n" +
        "       [--penalty frobenius] [--penalty-strength X]";

    /// <summary>Runs the bench.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        try
        {
            Console.WriteLine(Measure(new AccuracyArguments(args)).ToJson());
            return 0;
        }
        catch (ArgumentException error)
        {
            Console.Error.WriteLine($"{error.Message}\n{Usage}");
            return 2;
        }
    }

    /// <summary>Trains and scores once.</summary>
    public static AccuracyResult Measure(AccuracyArguments given)
    {
        var context = new MLContext(given.Seed);
        IDataView train = Load(context, given.Train, out bool pairs);
        IDataView test = Load(context, given.Test, out bool testPairs);
        if (pairs != testPairs)
        {
            throw new ArgumentException("The two files have different numbers of text columns.");
        }
        if (given.ExamplesPerClass is int perClass)
        {
            train = FewExamples.Take(context, given.Train, perClass, given.Seed);
        }
        ITransformer keys = context.Transforms.Conversion.MapValueToKey("Label").Fit(train);
        LoraTextClassificationTrainer.Options options = given.Options;
        options.ValidationSet = given.Validate is null ? null : keys.Transform(Load(context, given.Validate, out _));
        options.TextPairColumnName = pairs ? "Pair" : null;

        using var process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        using LoraTransformer model = context.MulticlassClassification.Trainers.Lora(options).Fit(keys.Transform(train));
        double trainSeconds = watch.Elapsed.TotalSeconds;
        process.Refresh();
        TimeSpan computing = process.TotalProcessorTime - before;
        watch.Restart();
        ClassificationMetrics metrics = Score(model, keys.Transform(test));
        return new AccuracyResult
        {
            Accuracy = Math.Round(metrics.Accuracy, 4),
            MacroF1 = Math.Round(metrics.MacroF1, 4),
            Mcc = Math.Round(metrics.MatthewsCorrelation, 4),
            LogLoss = Math.Round(metrics.LogLoss, 4),
            TrainS = Math.Round(trainSeconds, 1),
            TrainCpuS = Math.Round(computing.TotalSeconds, 1),
            ScoreS = Math.Round(watch.Elapsed.TotalSeconds, 1),
            Epochs = model.Model.History.Count,
            BestEpoch = model.Model.BestEpoch,
            TrainableParameters = model.Model.TrainableParameters,
            ZipMb = SavedMb(context, model, train.Schema),
            PeakRssMb = Process.GetCurrentProcess().PeakWorkingSet64 >> 20,
        };
    }

    private static double SavedMb(MLContext context, ITransformer model, DataViewSchema schema)
    {
        using var zip = new MemoryStream();
        context.Model.Save(model, schema, zip);
        return Math.Round(zip.Length / 1e6, 2);
    }

    private static IDataView Load(MLContext context, string file, out bool pairs)
    {
        using StreamReader reader = File.OpenText(file);
        int columns = (reader.ReadLine() ?? "").Split('\t').Length;
        if (columns is not (2 or 3))
        {
            throw new ArgumentException($"{file} has {columns} columns, not a label and one or two texts.");
        }
        pairs = columns == 3;
        TextLoader.Column[] all =
            [new("Label", DataKind.String, 0), new("Text", DataKind.String, 1), new("Pair", DataKind.String, 2)];
        return context.Data.LoadFromTextFile(file, all[..columns], separatorChar: '\t', hasHeader: true);
    }

    private static ClassificationMetrics Score(LoraTransformer model, IDataView test)
    {
        IDataView scored = model.Transform(test);
        DataViewSchema.Column[] columns = [scored.Schema["Label"], scored.Schema["Score"]];
        using DataViewRowCursor cursor = scored.GetRowCursor(columns);
        ValueGetter<uint> labelGetter = cursor.GetGetter<uint>(columns[0]);
        ValueGetter<VBuffer<float>> scoreGetter = cursor.GetGetter<VBuffer<float>>(columns[1]);
        var truth = new List<int>();
        var scores = new List<float>();
        uint label = 0;
        VBuffer<float> score = default;
        while (cursor.MoveNext())
        {
            labelGetter(ref label);
            scoreGetter(ref score);
            if (label == 0)
            {
                throw new ArgumentException($"Row {truth.Count + 1} of the test file has a label that the training file lacks.");
            }
            truth.Add((int)label - 1);
            scores.AddRange(score.DenseValues());
        }
        return ClassificationMetrics.Of(scores.ToArray(), truth.ToArray(), model.Model.Labels.Count);
    }
}
