using System.Diagnostics;
using System.Text.Json;

namespace Microsoft.ML.Lora.Benchmarks.Baselines;

/// <summary>
/// <c>bench bow --train F --test F [--c X]</c>: how well words alone do, logistic regression over TF-IDF of words and word
/// pairs. Prints one JSON line.
/// </summary>
internal static class BagOfWordsBench
{
    public static int Run(string[] args)
    {
        string? train = null;
        string? test = null;
        double c = 10;
        for (int i = 0; i < args.Length; i += 2)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--train" when value is not null:
                    train = value;
                    break;
                case "--test" when value is not null:
                    test = value;
                    break;
                case "--c" when double.TryParse(value, out c) && c > 0:
                    break;
                default:
                    return Usage($"'{args[i]}' is no option here or lacks its value.");
            }
        }
        if (train is null || test is null)
        {
            return Usage("--train and --test are needed.");
        }
        Console.WriteLine(JsonSerializer.Serialize(Measure(LabelledRows.Read(train), LabelledRows.Read(test), c)));
        return 0;
    }

    /// <summary>Fits on the one set and scores the other.</summary>
    internal static BagOfWordsResult Measure(LabelledRows train, LabelledRows test, double c)
    {
        long start = Stopwatch.GetTimestamp();
        TfIdf features = new(train.Texts);
        string[] classes = [.. train.Labels.Distinct().Order(StringComparer.Ordinal)];
        LogisticRegression model = LogisticRegression.Fit(
            [.. train.Texts.Select(features.Transform)],
            [.. train.Labels.Select(label => Array.IndexOf(classes, label))],
            classes.Length,
            features.Count,
            c);
        double trainSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        string[] predicted = [.. test.Texts.Select(text => Best(classes, model.Predict(features.Transform(text))))];
        return new BagOfWordsResult(
            train.Count,
            test.Count,
            classes.Length,
            features.Count,
            c,
            model.Steps,
            Math.Round(predicted.Zip(test.Labels, string.Equals).Count(hit => hit) / (double)test.Count, 4),
            Math.Round(classes.Average(name => F1(name, predicted, test.Labels)), 4),
            Math.Round(trainSeconds, 2));
    }

    private static string Best(string[] classes, double[] probabilities) =>
        classes[Array.IndexOf(probabilities, probabilities.Max())];

    private static double F1(string name, string[] predicted, string[] actual)
    {
        int hits = predicted.Zip(actual, (p, a) => p == name && a == name).Count(hit => hit);
        int named = predicted.Count(p => p == name) + actual.Count(a => a == name);
        return named == 0 ? 0 : 2.0 * hits / named;
    }

    private static int Usage(string problem)
    {
        Console.Error.WriteLine($"{problem} usage: bench bow --train FILE --test FILE [--c 10]");
        return 2;
    }
}
