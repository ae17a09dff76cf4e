using System.Globalization;

namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

/// <summary>The command line of <see cref="AccuracyBench"/>, read into the trainer's options.</summary>
internal sealed partial class AccuracyArguments
{
    private readonly Dictionary<string, string> _given = [];

    /// <exception cref="ArgumentException">A name is unknown, a value is missing or is no number.</exception>
    public AccuracyArguments(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            string name = args[i];
            _given[name] = name == "--progress" ? "yes"
                : i + 1 < args.Length ? args[++i] : throw new ArgumentException($"{name} needs a value.");
        }
        Read();
        if (_given.Count > 0)
        {
            throw new ArgumentException($"Not known: {string.Join(", ", _given.Keys)}.");
        }
    }

    public string Train { get; private set; } = "";

    public string Test { get; private set; } = "";

    public string? Validate { get; private set; }

    public int? ExamplesPerClass { get; private set; }

    public int Seed { get; private set; }

    public LoraTextClassificationTrainer.Options Options { get; } = new();

    private void Read()
    {
        Train = Take("--train") ?? throw new ArgumentException("--train FILE is needed.");
        Test = Take("--test") ?? throw new ArgumentException("--test FILE is needed.");
        ExamplesPerClass = (int?)Number("--per-class");
        Validate = Take("--validate");
        Seed = (int)(Number("--seed") ?? 1);
        if (Take("--task") is { } task && task != "multiclass")
        {
            throw new ArgumentException($"--task {task} is not known; multiclass is.");
        }
        Options.BaseModel = Take("--base") is { } folder ? LoraBaseModel.FromFolder(folder) : null;
        Options.Epochs = (int?)Number("--epochs");
        Options.Rank = ReadRank();
        Options.Alpha = Number("--alpha") ?? Options.Alpha;
        Options.LearningRate = Number("--lr");
        Options.BatchSize = (int?)Number("--batch");
        Options.LoraDropout = Number("--dropout") ?? Options.LoraDropout;
        Options.EarlyStoppingPatience = (int)(Number("--patience") ?? Options.EarlyStoppingPatience);
        Options.WeightAveraging = Number("--averaging") ?? Options.WeightAveraging;
        Options.ValidationFraction = Number("--holdout") ?? Options.ValidationFraction;
        Options.WarmupFraction = Number("--warmup") ?? Options.WarmupFraction;
        Options.WeightDecay = Number("--decay") ?? Options.WeightDecay;
        Options.BaseDropout = Number("--base-dropout") != 0;
        Options.LinearProbe = Number("--probe") is { } probe ? probe != 0 : null;
        Options.MaxTokens = (int?)Number("--max-tokens");
        Options.NumberOfThreads = (int?)Number("--threads");
        ReadMethod();
        if (Take("--progress") is not null)
        {
            Options.Progress = new ConsoleProgress();
        }
    }

    private float? Number(string name)
    {
        if (Take(name) is not { } text)
        {
            return null;
        }
        return float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
            ? value
            : throw new ArgumentException($"{name} {text} is not a number.");
    }

    private string? Take(string name) => _given.Remove(name, out string? value) ? value : null;

    private sealed class ConsoleProgress : IProgress<LoraTrainingProgress>
    {
        public void Report(LoraTrainingProgress value)
        {
            if (value.IsEndOfEpoch || value.Step % 20 == 0)
            {
                Console.Error.WriteLine(value);
            }
        }
    }
}
