using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>Options are checked when the trainer is made, all at once, and cannot be changed afterwards.</summary>
public class OptionsTests
{
    private readonly MLContext _context = new(seed: 1);

    [Fact]
    public void The_defaults_are_accepted() => Assert.NotNull(_context.MulticlassClassification.Trainers.Lora());

    [Fact]
    public void Everything_wrong_is_named_in_one_message()
    {
        var options = new LoraTextClassificationTrainer.Options
        {
            LabelColumnName = "",
            TextColumnName = null!,
            TextPairColumnName = "",
            ExampleWeightColumnName = "",
            ScoreColumnName = "Same",
            PredictedLabelColumnName = "Same",
            Rank = 0,
            Alpha = float.NaN,
            TargetModules = null!,
            LoraDropout = 1,
            Pooling = (LoraPooling)99,
            Epochs = 0,
            BatchSize = 0,
            LearningRate = 0,
            WarmupFraction = 1,
            WeightDecay = -1,
            MaxGradientNorm = 0,
            MaxTokens = 3,
            ValidationFraction = -0.5f,
            EarlyStoppingPatience = -1,
            NumberOfThreads = 0,
        };
        string message = Assert.Throws<ArgumentException>(() =>
            _context.MulticlassClassification.Trainers.Lora(options)).Message;

        foreach (string name in new[]
        {
            "LabelColumnName", "TextColumnName", "TextPairColumnName", "ExampleWeightColumnName", "ScoreColumnName",
            "Rank is 0", "Alpha is NaN", "TargetModules", "LoraDropout is 1", "Pooling is 99", "Epochs is 0",
            "BatchSize is 0", "LearningRate is 0", "WarmupFraction is 1", "WeightDecay is -1", "MaxGradientNorm is 0",
            "MaxTokens is 3", "ValidationFraction is -0.5", "EarlyStoppingPatience is -1", "NumberOfThreads is 0",
        })
        {
            Assert.Contains(name, message);
        }
        Assert.StartsWith("20 of the trainer's options cannot be used: ", message);
    }

    [Fact]
    public void A_pair_needs_two_columns() => Assert.Contains("TextPairColumnName names the column of TextColumnName",
        Assert.Throws<ArgumentException>(() => _context.MulticlassClassification.Trainers.Lora(
            textColumnName: "Text", textPairColumnName: "Text")).Message);

    [Fact]
    public void Changing_the_options_later_changes_nothing()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 2);
        LoraTextClassificationTrainer trainer = _context.MulticlassClassification.Trainers.Lora(options);
        options.Epochs = 0;
        options.TextColumnName = "Nope";
        using LoraTransformer model = trainer.Fit(Toy.View(_context));

        Assert.Equal(2, model.Model.History.Count);
    }

    [Fact]
    public void A_choice_of_layers_needs_names_or_a_pattern()
    {
        Assert.Throws<ArgumentException>(() => LoraTargetModules.Named());
        Assert.Throws<ArgumentException>(() => LoraTargetModules.Named("query", " "));
        Assert.ThrowsAny<ArgumentException>(() => LoraTargetModules.Matching("("));
    }
}
