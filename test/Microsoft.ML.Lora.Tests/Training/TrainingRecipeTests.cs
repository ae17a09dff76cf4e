using Microsoft.ML.Lora.Training;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Training;

/// <summary>The recipe follows the number of training rows and the width of the base.</summary>
public class TrainingRecipeTests
{
    [Theory]
    [InlineData(1, 2, 20, 8)]
    [InlineData(499, 6, 17, 8)]
    [InlineData(500, 6, 16, 16)]
    [InlineData(800, 2, 10, 16)]
    [InlineData(801, 2, 10, 16)]
    [InlineData(1999, 2, 5, 16)]
    [InlineData(2000, 2, 4, 32)]
    [InlineData(2999, 6, 5, 32)]
    [InlineData(3000, 6, 3, 32)]
    [InlineData(9492, 77, 5, 32)]
    [InlineData(1_000_000, 2, 3, 32)]
    public void Few_rows_are_seen_more_often_in_smaller_batches(int rows, int classes, int epochs, int batch)
    {
        TrainingRecipe recipe = TrainingRecipe.For(rows, classes, hiddenSize: 384);
        Assert.Equal((epochs, batch), (recipe.Epochs, recipe.BatchSize));
    }

    [Theory]
    [InlineData(16, 2, 40)]
    [InlineData(96, 6, 40)]
    [InlineData(616, 77, 13)]
    [InlineData(2464, 77, 5)]
    public void Pairs_of_few_rows_are_seen_twice_as_often(int rows, int classes, int epochs)
    {
        TrainingRecipe recipe = TrainingRecipe.ForPairs(rows, classes, hiddenSize: 384);
        Assert.Equal((epochs, 24), (recipe.Epochs, recipe.BatchSize));
    }

    [Theory]
    [InlineData(3, 2, false)]
    [InlineData(4, 2, true)]
    [InlineData(192, 6, true)]
    [InlineData(193, 6, false)]
    [InlineData(900, 10, false)]
    [InlineData(56, 7, false)]
    [InlineData(616, 77, false)]
    public void Pairs_may_be_for_a_few_classes_with_few_rows(int rows, int classes, bool pairs) =>
        Assert.Equal(pairs, TrainingRecipe.MayLearnFromPairs(rows, classes));

    [Theory]
    [InlineData(128, 1e-3f)]
    [InlineData(512, 1e-3f)]
    [InlineData(768, 3e-4f)]
    [InlineData(1024, 2e-4f)]
    public void Wider_bases_learn_at_lower_rates(int width, float rate) =>
        Assert.Equal(rate, TrainingRecipe.For(5000, 2, width).LearningRate);

    [Theory]
    [InlineData(48, 6, true)]
    [InlineData(9992, 77, true)]
    [InlineData(400, 2, false)]
    [InlineData(6909, 2, false)]
    public void Heads_of_classes_with_few_rows_start_from_a_probe(int rows, int classes, bool probe) =>
        Assert.Equal(probe, TrainingRecipe.StartsFromProbe(rows, classes));

    [Theory]
    [InlineData(499, 2, 0)]
    [InlineData(500, 2, 50)]
    [InlineData(5000, 2, 250)]
    [InlineData(100_000, 2, 250)]
    [InlineData(1232, 77, 0)]
    [InlineData(1540, 77, 154)]
    public void A_tenth_is_held_back_but_no_more_than_250_and_nothing_of_few(int rows, int classes, int validation) =>
        Assert.Equal(validation, rows * TrainingRecipe.HoldBack(rows, classes), 0.01);
}
