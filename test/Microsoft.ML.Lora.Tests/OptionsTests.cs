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
            WeightAveraging = 1.5f,
            NumberOfThreads = 0,
        };
        string message = Assert.Throws<ArgumentException>(() =>
            _context.MulticlassClassification.Trainers.Lora(options)).Message;

        foreach (string name in new[]
        {
            "LabelColumnName", "TextColumnName", "TextPairColumnName", "ExampleWeightColumnName", "ScoreColumnName",
            "Rank is 0", "Alpha is NaN", "TargetModules", "LoraDropout is 1", "Pooling is 99", "Epochs is 0",
            "BatchSize is 0", "LearningRate is 0", "WarmupFraction is 1", "WeightDecay is -1", "MaxGradientNorm is 0",
            "MaxTokens is 3", "ValidationFraction is -0.5", "EarlyStoppingPatience is -1", "WeightAveraging is 1.5", "NumberOfThreads is 0",
        })
        {
            Assert.Contains(name, message);
        }
        Assert.StartsWith("21 of the trainer's options cannot be used: ", message);
    }

    [Fact]
    public void Everything_wrong_of_the_method_is_named_in_one_message()
    {
        string message = MessageOf(new LoraTextClassificationTrainer.Options
        {
            FineTuning = (LoraFineTuning)9,
            Formulation = (LoraFormulation)9,
            Initialization = LoraInitialization.Orthogonal,
            Rank = 3,
            Scaling = (LoraScaling)9,
            Bias = (LoraBias)9,
            LayersToTransform = [0, -1],
            RankPattern = new Dictionary<string, int> { ["query"] = 0, ["("] = 2 },
            AlphaPattern = new Dictionary<string, float> { ["query"] = -1 },
            ModulesToSave = ["embeddings"],
            HeadDropout = 1,
            Loss = (LoraLoss)9,
            LabelSmoothing = 1,
            FocalGamma = -1,
            UpdatePenaltyStrength = 1,
            Optimizer = (LoraOptimizer)9,
            Schedule = (LoraSchedule)9,
            HeadLearningRate = -1,
            LoraPlusRatio = 0,
            GradientAccumulation = 0,
            Momentum = 2,
            Beta1 = 1,
            Epsilon = 0,
        });
        foreach (string problem in new[]
        {
            "FineTuning is 9", "Formulation is 9", "Orthogonal needs even ranks", "Scaling is 9", "Bias is 9",
            "LayersToTransform has -1", "RankPattern has 0 for 'query'", "RankPattern has '('", "AlphaPattern has -1",
            "ModulesToSave is 'embeddings'", "HeadDropout is 1", "Loss is 9", "LabelSmoothing is 1", "FocalGamma is -1",
            "UpdatePenaltyStrength is 1 and UpdatePenalty is None", "Optimizer is 9", "Schedule is 9", "HeadLearningRate is -1",
            "LoraPlusRatio is 0", "GradientAccumulation is 0", "Momentum is 2", "Beta1 is 1", "Epsilon is 0",
        })
        {
            Assert.Contains(problem, message);
        }
    }

    [Fact]
    public void Options_that_contradict_each_other_say_what_to_do()
    {
        string full = MessageOf(new LoraTextClassificationTrainer.Options
        {
            FineTuning = LoraFineTuning.Full,
            Formulation = LoraFormulation.Dora,
            LoraPlusRatio = 16,
        });
        Assert.Contains("FineTuning is Full, which has no low-rank updates for Formulation, LoraPlusRatio", full);
        Assert.Contains("set FineTuning to Lora", full);
        Assert.Contains("LabelSmoothing is for Loss CrossEntropy", MessageOf(
            new LoraTextClassificationTrainer.Options { Loss = LoraLoss.Focal, LabelSmoothing = 0.1f }));
        Assert.Contains("FocalGamma is for Loss Focal", MessageOf(
            new LoraTextClassificationTrainer.Options { FocalGamma = 2 }));
        Assert.Contains("Momentum is for Optimizer Sgd", MessageOf(
            new LoraTextClassificationTrainer.Options { Momentum = 0.5f }));
        Assert.Contains("Beta1, Beta2 and Epsilon are for Optimizer AdamW and Adam", MessageOf(
            new LoraTextClassificationTrainer.Options { Optimizer = LoraOptimizer.Sgd, Beta2 = 0.99f }));
        Assert.Contains("a penalty needs a strength above 0", MessageOf(
            new LoraTextClassificationTrainer.Options { UpdatePenalty = LoraUpdatePenalty.Nuclear }));
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

    [Fact]
    public void Weights_of_classes_are_above_0()
    {
        Assert.Throws<ArgumentException>(() => LoraClassWeights.InOrder());
        Assert.Throws<ArgumentException>(() => LoraClassWeights.InOrder(1, 0));
        Assert.Throws<ArgumentException>(() => LoraClassWeights.ByLabel(new Dictionary<string, float> { ["a"] = float.NaN }));
    }

    private string MessageOf(LoraTextClassificationTrainer.Options options) =>
        Assert.Throws<ArgumentException>(() => _context.MulticlassClassification.Trainers.Lora(options)).Message;
}
