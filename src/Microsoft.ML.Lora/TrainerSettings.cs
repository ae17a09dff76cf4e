using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.DataView;

namespace Microsoft.ML.Lora;

/// <summary>A trainer's options, checked and out of reach of later changes.</summary>
internal sealed partial class TrainerSettings
{
    private const int LargestRank = 4096;
    private const int FewestTokens = 4;

    private readonly List<string> _problems = [];

    /// <exception cref="ArgumentException">One or more options are wrong; the message names them all.</exception>
    public TrainerSettings(LoraTextClassificationTrainer.Options options)
    {
        CheckColumns(options);
        CheckMethod(options);
        CheckTraining(options);
        CheckCourse(options);
        if (_problems.Count > 0)
        {
            throw new ArgumentException(
                $"{_problems.Count} of the trainer's options cannot be used: {string.Join("; ", _problems)}.",
                nameof(options));
        }
        Options = Copy(options);
        Inputs = new InputColumns(options.TextColumnName, options.TextPairColumnName,
            options.LabelColumnName, options.ExampleWeightColumnName);
        Adapter = AdapterOf(Options);
    }

    /// <summary>A private copy of what the user gave.</summary>
    public LoraTextClassificationTrainer.Options Options { get; }

    /// <summary>The columns that are read.</summary>
    public InputColumns Inputs { get; }

    /// <summary>The adapter to train.</summary>
    public AdapterConfig Adapter { get; }

    /// <summary>The base model.</summary>
    public LoraBaseModel BaseModel => Options.BaseModel ?? LoraBaseModel.Embedded;

    /// <summary>Threads to compute with.</summary>
    public int Threads => Options.NumberOfThreads ?? Environment.ProcessorCount;

    private void CheckColumns(LoraTextClassificationTrainer.Options options)
    {
        RequireName(options.LabelColumnName, nameof(options.LabelColumnName));
        RequireName(options.TextColumnName, nameof(options.TextColumnName));
        RequireName(options.ScoreColumnName, nameof(options.ScoreColumnName));
        RequireName(options.PredictedLabelColumnName, nameof(options.PredictedLabelColumnName));
        Require(options.TextPairColumnName != string.Empty, $"TextPairColumnName is empty (null means no second text)");
        Require(options.TextPairColumnName is null || options.TextPairColumnName != options.TextColumnName,
            $"TextPairColumnName names the column of TextColumnName, '{options.TextColumnName}'");
        Require(options.ExampleWeightColumnName != string.Empty,
            $"ExampleWeightColumnName is empty (null means no weights)");
        Require(options.ScoreColumnName != options.PredictedLabelColumnName,
            $"ScoreColumnName and PredictedLabelColumnName are both '{options.ScoreColumnName}'");
    }

    private void CheckTraining(LoraTextClassificationTrainer.Options options)
    {
        Require(options.Epochs is null or >= 1, $"Epochs is {options.Epochs}, not 1 or more");
        Require(options.BatchSize is null or >= 1, $"BatchSize is {options.BatchSize}, not 1 or more");
        Require(options.MaxTokens is null or >= FewestTokens, $"MaxTokens is {options.MaxTokens}, not {FewestTokens} or more");
        Require(options.ValidationFraction is null or (>= 0 and < 1),
            $"ValidationFraction is {options.ValidationFraction}, not 0 to below 1");
        Require(options.EarlyStoppingPatience >= 0,
            $"EarlyStoppingPatience is {options.EarlyStoppingPatience}, not 0 or more");
        Require(options.NumberOfThreads is null or >= 1,
            $"NumberOfThreads is {options.NumberOfThreads}, not 1 or more");
    }

    private void RequireName(string? name, string option) =>
        Require(!string.IsNullOrWhiteSpace(name), $"{option} is empty");

    private void Require(bool holds, FormattableString problem)
    {
        if (!holds)
        {
            _problems.Add(FormattableString.Invariant(problem));
        }
    }

    /// <summary>Options with the same values.</summary>
    public static LoraTextClassificationTrainer.Options Copy(LoraTextClassificationTrainer.Options options)
    {
        var copy = new LoraTextClassificationTrainer.Options();
        foreach (System.Reflection.FieldInfo field in typeof(LoraTextClassificationTrainer.Options).GetFields())
        {
            field.SetValue(copy, field.GetValue(options));
        }
        return copy;
    }
}
