using Microsoft.ML.Lora.Batching;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Batching;

public class PairPlannerTests
{
    [Theory]
    [InlineData(1, 1, 24)]
    [InlineData(48, 6, 24)]
    [InlineData(616, 77, 24)]
    [InlineData(50, 50, 7)]
    [InlineData(9, 2, 1)]
    public void Every_example_comes_once_in_batches_of_nearly_equal_size(int examples, int classes, int batchSize)
    {
        IReadOnlyList<int[]> batches = PairPlanner.Epoch(Examples(examples, classes), batchSize, seed: 1, epoch: 1);
        Assert.Equal(BatchPlanner.BatchCount(examples, batchSize), batches.Count);
        Assert.Equal(Enumerable.Range(0, examples), batches.SelectMany(batch => batch).Order());
        Assert.InRange(batches.Max(batch => batch.Length) - batches.Min(batch => batch.Length), 0, 1);
    }

    [Fact]
    public void Of_many_classes_each_batch_has_several_rows_of_some()
    {
        EncodedExample[] examples = Examples(616, 77);
        foreach (int[] batch in PairPlanner.Epoch(examples, 24, seed: 1, epoch: 1))
        {
            Assert.InRange(batch.Select(i => examples[i].ClassIndex).Distinct().Count(), 2, 9);
        }
    }

    [Fact]
    public void Order_comes_from_seed_and_epoch_alone()
    {
        EncodedExample[] examples = Examples(100, 4);
        Assert.Equal(PairPlanner.Epoch(examples, 8, 3, 2), PairPlanner.Epoch(examples, 8, 3, 2));
        Assert.NotEqual(PairPlanner.Epoch(examples, 8, 3, 2), PairPlanner.Epoch(examples, 8, 3, 1));
        Assert.NotEqual(PairPlanner.Epoch(examples, 8, 3, 2), PairPlanner.Epoch(examples, 8, 4, 2));
    }

    private static EncodedExample[] Examples(int count, int classes) =>
        [.. Enumerable.Range(0, count).Select(i => new EncodedExample { Ids = [1], ClassIndex = i % classes })];
}
