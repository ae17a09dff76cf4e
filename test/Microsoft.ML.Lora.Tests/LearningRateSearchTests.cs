using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>The search for a learning rate: its curve falls and rises, its suggestion trains, and a seed decides all of it.</summary>
public class LearningRateSearchTests
{
    private readonly MLContext _context = new(seed: 1);

    [Fact]
    public void The_loss_falls_and_rises_again()
    {
        LoraLearningRateCurve curve = Search(steps: 60);

        Assert.InRange(curve.Points.Count, 20, 60);
        Assert.Equal(1e-6f, curve.Points[0].LearningRate, 1e-9f);
        Assert.All(curve.Points.Zip(curve.Points.Skip(1)), pair =>
            Assert.Equal(Math.Pow(1e6, 1 / 59.0), pair.Second.LearningRate / pair.First.LearningRate, 1e-3));
        Assert.True(curve.Turned);
        Assert.True(curve.Lowest.SmoothedLoss < 0.9 * curve.Points[0].SmoothedLoss);
        Assert.Same(curve.Points.MinBy(point => point.SmoothedLoss), curve.Lowest);
        Assert.Equal(curve.Lowest.LearningRate / 5, curve.Suggestion);
        Assert.Contains("suggestion: ", curve.ToString());
    }

    [Fact]
    public void The_suggestion_trains()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 4);
        options.LearningRate = Search(steps: 60).Suggestion;
        using LoraTransformer model = Toy.Train(_context, options);
        Assert.True(model.Model.History[^1].Loss < 0.5 * Math.Log(3));
    }

    [Fact]
    public void The_seed_decides_the_curve() =>
        Assert.Equal(Search(steps: 20, highest: 1e-2f).Points, Search(steps: 20, highest: 1e-2f).Points);

    [Fact]
    public void Hardly_any_rate_leaves_the_loss_where_it_was()
    {
        LoraLearningRateCurve curve = Search(steps: 20, highest: 1e-5f);
        Assert.All(curve.Points, point => Assert.Equal(curve.Points[0].SmoothedLoss, point.SmoothedLoss, 2e-3));
        Assert.Contains(curve.Points, point => Math.Abs(point.Loss - curve.Points[0].Loss) > 1e-2);
    }

    [Theory]
    [InlineData(0, 1, 100)]
    [InlineData(1e-3f, 1e-3f, 100)]
    [InlineData(1e-3f, float.PositiveInfinity, 100)]
    [InlineData(1e-6f, 1, 9)]
    public void Bad_arguments_are_refused(float lowest, float highest, int steps) => Assert.Contains("cannot be searched",
        Assert.Throws<ArgumentException>(() => Trainer().FindLearningRate(Toy.View(_context), lowest, highest, steps)).Message);

    private LoraLearningRateCurve Search(int steps, float highest = 1) =>
        Trainer().FindLearningRate(Toy.View(_context), highest: highest, steps: steps);

    private LoraTextClassificationTrainer Trainer()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.LinearProbe = false;
        return _context.MulticlassClassification.Trainers.Lora(options);
    }
}
