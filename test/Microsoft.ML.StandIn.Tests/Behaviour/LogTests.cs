using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Behaviour;

/// <summary>Loading, fitting, saving and predicting say in the log what was recorded.</summary>
public sealed partial class LogTests(ITestOutputHelper output)
{
    // Trainers are not among what the stand-in has; the evaluator's sample scores with one.
    private static readonly string[] _outOfScope =
    [
        "LbfgsMaximumEntropy Fit (1 thread)", "SdcaMaximumEntropy Fit (1 thread, 2 iterations)",
        "MulticlassClassification.Evaluate",
    ];

    [SkippableFact]
    public void Actions_LogRecordedEvents()
    {
        var all = Golden.Read("behaviour/log_events.json").GetProperty("samples").EnumerateArray().ToArray();
        var compared = 0;
        foreach (var recorded in all)
        {
            var action = recorded.GetProperty("action").GetString()!;
            if (_outOfScope.Contains(action))
            {
                continue;
            }

            var events = recorded.GetProperty("events").EnumerateArray().Select(Print).Where(IsOfOneThread);
            Assert.Equal([action, .. events],
                [action, .. Run(action).Select(Print).Where(IsOfOneThread)]);
            compared++;
        }

        output.WriteLine(
            $"{compared} of {all.Length} actions compared; out of scope: {string.Join("; ", _outOfScope)}");
        Assert.Equal(all.Length - _outOfScope.Length, compared);
    }

    private static List<LoggingEventArgs> Run(string action)
    {
        var context = new MLContext(1);
        var run = Prepare(context, action);
        var events = new List<LoggingEventArgs>();
        context.Log += (_, e) => events.Add(e);
        run();
        return events;
    }

    private static Action Prepare(MLContext context, string action)
    {
        var data = context.Data.LoadFromEnumerable(new[] { new Row("a", "x"), new Row("b", "y"), new Row("a", "z") });
        var keys = context.Transforms.Conversion.MapValueToKey("K", "Label");
        switch (action)
        {
            case "LoadFromEnumerable + MapValueToKey.Fit + Transform + enumerate":
                return () => Assert.Equal(3, Rows.Print(keys.Fit(data).Transform(data)).Count());
            case "EstimatorChain of CopyColumns, MapValueToKey: Fit":
                return () => context.Transforms.CopyColumns("L", "Label")
                    .Append(context.Transforms.Conversion.MapValueToKey("K", "L")).Fit(data);
            case "Model.Save and Model.Load":
                var model = keys.Fit(data);
                return () => SaveAndLoad(context, model, data.Schema);
            case "CreatePredictionEngine + Predict":
                return () => context.Model.CreatePredictionEngine<Row, Key>(keys.Fit(data)).Predict(new Row("a", "t"));
            case "TextLoader with bad lines":
                return () => ReadBadLines(context);
            case "exception inside a channel (no Dispose ordering)":
                return () => Fail(context);
            case "StartProgressChannel with header and checkpoints":
                return () => Report(context);
            default:
                return () => Speak(context);
        }
    }

    private static void SaveAndLoad(MLContext context, ITransformer model, DataViewSchema schema)
    {
        using var stream = new MemoryStream();
        context.Model.Save(model, schema, stream);
        context.Model.Load(stream, out _);
    }

    private static void ReadBadLines(MLContext context)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "1\nx\n3\n");
            var options = new TextLoader.Options { Columns = [new("A", DataKind.Single, 0)], UseThreads = false };
            Assert.Equal(3, Rows.Print(context.Data.LoadFromTextFile(path, options)).Count());
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Speak(MLContext context)
    {
        var host = ((IHostEnvironment)context).Register("MyHost");
        using (var channel = host.Start("MyChannel"))
        {
            channel.Trace(MessageSensitivity.None, "trace message");
            channel.Info(MessageSensitivity.None, "info message");
            channel.Warning(MessageSensitivity.None, "warning message");
            channel.Error(MessageSensitivity.None, "error message");
        }

        using var inner = host.Register("Inner").Start("Deep");
        inner.Info(MessageSensitivity.None, "from the inner host {0}");
    }

    private static void Fail(MLContext context)
    {
        var host = ((IHostEnvironment)context).Register("MyHost");
        Action fail = () =>
        {
            using var channel = host.Start("Failing");
            throw channel.Process(new InvalidOperationException());
        };
        Assert.Throws<InvalidOperationException>(fail);
    }

    private static void Report(MLContext context)
    {
        var host = ((IHostEnvironment)context).Register("MyHost");
        using var progress = host.StartProgressChannel("MyProgress");
        progress.SetHeader(new ProgressHeader(["loss"], ["epochs"]), entry => entry.SetProgress(0, 1, 2));
        progress.Checkpoint(0.5, 1);
    }

    // How many cursors a view reads with, and when a view is written, depends on the threads of the machine.
    private static bool IsOfOneThread(string line) =>
        !line.Contains("RowToRowMapperTransform; Cursor", StringComparison.Ordinal)
        && !line.Contains("RowToRowMapperTransform; Consolidate", StringComparison.Ordinal)
        && !line.Contains("BinarySaver; Write", StringComparison.Ordinal);

    private static string Print(LoggingEventArgs e)
    {
        Assert.Equal($"[Source={e.Source}, Kind={e.Kind}] {e.RawMessage}", e.Message);
        return $"{e.Kind} {e.Source}: {Elapsed().Replace(e.RawMessage, "Elapsed .")}";
    }

    private static string Print(JsonElement e) =>
        $"{e.GetProperty("kind").GetString()} {e.GetProperty("source").GetString()}: " +
        Elapsed().Replace(e.GetProperty("rawMessage").GetString()!, "Elapsed .");

    [GeneratedRegex(@"Elapsed \d\d:\d\d:\d\d\.\d+\.$|Elapsed \d\d:\d\d:\d\d\.$")]
    private static partial Regex Elapsed();

    private sealed record Row(string Label, string Text);

    private sealed class Key
    {
        public uint K { get; set; }
    }
}
