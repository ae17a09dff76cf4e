using System.Globalization;
using Microsoft.ML.Lora;
using Spectre.Console;

namespace QuickStart;

/// <summary>Shows a training run: a live bar on a terminal, a line an epoch elsewhere.</summary>
internal static class TrainingScreen
{
    /// <summary>Runs the training and gives back its result.</summary>
    public static T Show<T>(Func<IProgress<LoraTrainingProgress>, T> train)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            return train(new Reporter(report =>
            {
                if (report.IsEndOfEpoch)
                {
                    Console.WriteLine(Line(report));
                }
            }));
        }
        return AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .Start(screen =>
            {
                ProgressTask bar = screen.AddTask("reading");
                return train(new Reporter(report =>
                {
                    bar.MaxValue = report.Steps;
                    bar.Value = report.Step;
                    bar.Description = Invariant($"{report.TokensPerSecond:N0} tokens/s, {report.Remaining:m\\:ss} left");
                    if (report.IsEndOfEpoch)
                    {
                        AnsiConsole.WriteLine(Line(report));
                    }
                }));
            });
    }

    private static string Line(LoraTrainingProgress report)
    {
        string line = Invariant($"epoch {report.Epoch} of {report.Epochs}: loss {report.Loss:F4}");
        return report.ValidationAccuracy is double accuracy
            ? line + Invariant($", {accuracy:P1} of the rows kept back for validation right")
            : line;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // Progress<T> would report from another thread, in no sure order.
    private sealed class Reporter(Action<LoraTrainingProgress> show) : IProgress<LoraTrainingProgress>
    {
        public void Report(LoraTrainingProgress value) => show(value);
    }
}
