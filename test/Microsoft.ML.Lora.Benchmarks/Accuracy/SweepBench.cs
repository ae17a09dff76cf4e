using System.Globalization;

namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

/// <summary>
/// Runs <see cref="AccuracyBench"/> over data sets, seeds and lists of options, and prints a line for every run and a table of means.
/// </summary>
internal static class SweepBench
{
    private const string Usage =
        "usage: bench sweep --data FOLDER --sets A,B --seeds 1,2,3 [any option of bench accuracy, with a list of values]\n" +
        "       FOLDER/A holds train.tsv and test.tsv";

    /// <summary>Runs the sweep.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        if (args.Length == 0 || args.Length % 2 != 0)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        Dictionary<string, string[]> lists = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1].Split(','));
        try
        {
            string folder = Take(lists, "--data")[0];
            string[] sets = Take(lists, "--sets"), seeds = Take(lists, "--seeds");
            Sweep(folder, sets, seeds, [.. Grid(lists)]);
            return 0;
        }
        catch (ArgumentException error)
        {
            Console.Error.WriteLine($"{error.Message}\n{Usage}");
            return 2;
        }
    }

    private static void Sweep(string folder, string[] sets, string[] seeds, string[][] settings)
    {
        var rows = new List<string>();
        foreach (string[] setting in settings)
        {
            foreach (string set in sets)
            {
                AccuracyResult[] results = [.. seeds.Select(seed => Measure(folder, set, seed, setting))];
                rows.Add(string.Create(CultureInfo.InvariantCulture,
                    $"| {(setting.Length == 0 ? "defaults" : string.Join(' ', setting))} | {set} " +
                    $"| {results.Average(r => r.Accuracy):F4} | {string.Join(' ', results.Select(Accuracy))} " +
                    $"| {results.Average(r => r.MacroF1):F4} | {results.Average(r => r.LogLoss):F3} " +
                    $"| {string.Join(' ', results.Select(r => r.BestEpoch))} | {results.Average(r => r.TrainCpuS):F0} |"));
            }
        }
        Console.WriteLine($"\n| options | set | accuracy | seeds {string.Join(' ', seeds)} | macro-F1 | log-loss | best epochs | train, core s |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        rows.ForEach(Console.WriteLine);
    }

    private static AccuracyResult Measure(string folder, string set, string seed, string[] setting)
    {
        AccuracyResult result = AccuracyBench.Measure(new AccuracyArguments(
        [
            "--train", Path.Combine(folder, set, "train.tsv"), "--test", Path.Combine(folder, set, "test.tsv"),
            "--seed", seed, .. setting,
        ]));
        Console.WriteLine($"{set} seed {seed} {string.Join(' ', setting)} {result.ToJson()}");
        return result;
    }

    private static string Accuracy(AccuracyResult result) => result.Accuracy.ToString("F4", CultureInfo.InvariantCulture);

    // Every combination of the lists' values.
    private static IEnumerable<string[]> Grid(Dictionary<string, string[]> lists) => lists.Aggregate(
        (IEnumerable<string[]>)[[]],
        (settings, list) => settings.SelectMany(setting => list.Value.Select(value => (string[])[.. setting, list.Key, value])));

    private static string[] Take(Dictionary<string, string[]> lists, string name) =>
        lists.Remove(name, out string[]? values) ? values : throw new ArgumentException($"{name} is needed.");
}
