using System.Reflection;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Training.Resuming;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>What makes two runs two: every option, row, class and weight of the base that changes a run's bits.</summary>
public class RunFactsTests
{
    // Options that say who watches, where things lie and what columns are called.
    private static readonly string[] _ofNoMatter =
    [
        "BaseModel", "CancellationToken", "CheckpointFolder", "CheckpointInterval", "CheckpointSteps",
        "ExampleWeightColumnName", "LabelColumnName", "NumberOfThreads", "PredictedLabelColumnName", "Progress",
        "RecomputeActivations", "ReturnBestOnCancel", "SaveBaseModel", "ScoreColumnName", "Seed", "TextColumnName", "TextPairColumnName",
        "ValidationSet",
    ];

    public static TheoryData<string> OptionNames => [.. typeof(LoraTextClassificationTrainer.Options).GetFields()
        .Select(option => option.Name).Where(name => !_ofNoMatter.Contains(name))];

    [Theory]
    [MemberData(nameof(OptionNames))]
    public void Every_option_counts(string name)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        RunIdentity before = Of(options, Data());
        FieldInfo field = options.GetType().GetField(name)!;
        field.SetValue(options, Other(field.FieldType, field.GetValue(options)));

        Assert.StartsWith(name, Assert.Single(Of(options, Data()).DifferencesFrom(before)));
    }

    [Fact]
    public void Every_row_counts()
    {
        RunIdentity before = Of(Toy.Options(), Data());
        string[] changed = ["training rows"];
        Assert.Equal(changed, Differences(Data() with { Training = [Example([1, 2, 3], 1), Example([4], 0)] }));
        Assert.Equal(changed, Differences(Data() with { Training = [Example([1, 2], 0), Example([3, 4], 0)] }));
        Assert.Equal(changed, Differences(Data() with { Training = [Example([1, 2, 3], 0)] }));
        Assert.Equal(["classes"], Differences(Data() with { Labels = new LabelSet(2, "String", ["a", "c"]) }));
        Assert.Equal(["validation rows"], Differences(Data() with { Validation = [Example([9], 1)] }));
        Assert.Empty(Differences(Data()));

        IEnumerable<string> Differences(TrainingData data) => Of(Toy.Options(), data).DifferencesFrom(before)
            .Select(text => text["the ".Length..^" differ".Length]);
    }

    private static RunIdentity Of(LoraTextClassificationTrainer.Options options, TrainingData data) =>
        RunFacts.Of(options, data, BaseModelFiles.FromFolder(TinyBase.Folder), seed: 1);

    private static TrainingData Data() => new()
    {
        Labels = new LabelSet(2, "String", ["a", "b"]),
        Training = [Example([1, 2, 3], 0), Example([4], 0)],
        Validation = [],
        MaxTokens = 8,
        MissingLabels = 0,
        Labelled = 2,
        Truncated = 0,
    };

    private static EncodedExample Example(int[] ids, int label) => new() { Ids = ids, ClassIndex = label };

    private static object Other(Type type, object? value)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            bool yes => !yes,
            int number => number + 1,
            float number => number + 0.5f,
            LoraRank => LoraRank.Auto,
            _ when type.IsEnum => Enum.GetValues(type).Cast<object>().First(other => !other.Equals(value)),
            _ when type == typeof(bool) => true,
            _ when type == typeof(int) => 3,
            _ when type == typeof(float) => 0.25f,
            _ when type == typeof(int[]) => new[] { 1 },
            _ when type == typeof(string[]) => new[] { "pooler" },
            _ when type == typeof(IReadOnlyDictionary<string, int>) => new Dictionary<string, int> { ["query"] = 4 },
            _ when type == typeof(IReadOnlyDictionary<string, float>) => new Dictionary<string, float> { ["query"] = 4 },
            _ when type == typeof(LoraTargetModules) => LoraTargetModules.QueryValue,
            _ when type == typeof(LoraClassWeights) => LoraClassWeights.InOrder(1, 2),
            _ => throw new NotSupportedException($"How does one change a {type}?"),
        };
    }
}
