using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Lora;
using Spectre.Console;

namespace QuickStart;

/// <summary>Shows what came out: the model's facts, its metrics, its file and its answers.</summary>
internal static class ResultScreen
{
    private const int WidestMatrix = 12;
    private const int MistakesShown = 10;

    public static void ShowModel(LoraModel model)
    {
        Console.WriteLine();
        Console.WriteLine(Invariant(
            $"{model.TrainableParameters:N0} of {model.TotalParameters:N0} parameters trained (rank {model.Rank}, ") +
            Invariant($"{model.AdaptedLayers.Count} layers of {Path.GetFileName(model.BaseModelId)}) in ") +
            Invariant($"{model.History.Sum(epoch => epoch.Seconds):F0} s on {model.TrainingRows:N0} rows; ") +
            Invariant($"kept epoch {model.BestEpoch} of {model.History.Count}"));
    }

    public static void ShowMetrics(MulticlassClassificationMetrics metrics, IReadOnlyList<string> labels)
    {
        Console.WriteLine();
        Console.WriteLine(Invariant(
            $"accuracy {metrics.MicroAccuracy:F4}   mean over classes {metrics.MacroAccuracy:F4}   log loss {metrics.LogLoss:F4}"));
        Console.WriteLine();
        if (labels.Count <= WidestMatrix)
        {
            ShowMatrix(metrics.ConfusionMatrix, labels);
        }
        else
        {
            ShowMistakes(metrics.ConfusionMatrix, labels);
        }
    }

    public static void ShowFile(string path)
    {
        Console.WriteLine(Invariant($"{path}: {new FileInfo(path).Length / 1e6:F1} MB. The same file, loaded again, answers:"));
        Console.WriteLine();
    }

    public static void ShowPrediction(Message message, Prediction prediction, IReadOnlyList<string> labels)
    {
        int[] best = [.. Enumerable.Range(0, labels.Count).OrderByDescending(i => prediction.Score[i]).Take(2)];
        string verdict = prediction.PredictedLabel == message.Label ? "right" : $"the label says {message.Label}";
        Console.WriteLine($"  {message.Text}");
        Console.WriteLine(
            "    " + string.Join(", ", best.Select(i => Invariant($"{labels[i]} {prediction.Score[i]:P1}"))) + $" ({verdict})");
    }

    public static void ShowNext(Settings settings)
    {
        string command = OperatingSystem.IsWindows() ? "build.cmd run --" : "./build.sh run --";
        Console.WriteLine();
        Console.WriteLine(settings.HasOwnData
            ? $"Next: the same with --rank 16, --epochs {settings.Epochs + 4}, or --base FOLDER to start from a larger model."
            : $"Next, on a file of yours: {command} --data my.tsv --text TEXTCOLUMN --label LABELCOLUMN");
    }

    private static void ShowMatrix(ConfusionMatrix matrix, IReadOnlyList<string> labels)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn("is \\ predicted");
        for (int column = 0; column < labels.Count; column++)
        {
            table.AddColumn(new TableColumn(Invariant($"{column + 1}")).RightAligned().Padding(0, 1));
        }
        table.AddColumn(new TableColumn("found").RightAligned());
        for (int row = 0; row < labels.Count; row++)
        {
            table.AddRow(
            [
                Invariant($"{row + 1} {Markup.Escape(labels[row])}"),
                .. matrix.Counts[row].Select((count, column) => Cell(count, row == column)),
                Invariant($"{matrix.PerClassRecall[row]:P0}"),
            ]);
        }
        AnsiConsole.Write(table);
    }

    private static string Cell(double count, bool isRight) => count switch
    {
        0 => ".",
        _ when isRight => Invariant($"[green]{count:F0}[/]"),
        _ => Invariant($"[red]{count:F0}[/]"),
    };

    private static void ShowMistakes(ConfusionMatrix matrix, IReadOnlyList<string> labels)
    {
        var mistakes =
            from row in Enumerable.Range(0, labels.Count)
            from column in Enumerable.Range(0, labels.Count)
            where row != column && matrix.Counts[row][column] > 0
            orderby matrix.Counts[row][column] descending
            select Invariant($"  {matrix.Counts[row][column],4:F0}  {labels[row]} taken for {labels[column]}");
        Console.WriteLine("most frequent mistakes:");
        foreach (string mistake in mistakes.Take(MistakesShown))
        {
            Console.WriteLine(mistake);
        }
        Console.WriteLine();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
