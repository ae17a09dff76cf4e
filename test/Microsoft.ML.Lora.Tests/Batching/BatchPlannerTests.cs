using Microsoft.ML.Lora.Batching;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Batching;

public class BatchPlannerTests
{
    [Theory]
    [InlineData(1, 32)]
    [InlineData(32, 32)]
    [InlineData(33, 32)]
    [InlineData(1000, 32)]
    [InlineData(5, 1)]
    public void EveryExampleComesOnceInBatchesOfNearlyEqualSize(int examples, int batchSize)
    {
        IReadOnlyList<int[]> batches = BatchPlanner.Epoch(examples, batchSize, seed: 1, epoch: 0);
        Assert.Equal(BatchPlanner.BatchCount(examples, batchSize), batches.Count);
        Assert.Equal(Enumerable.Range(0, examples), batches.SelectMany(batch => batch).Order());
        Assert.All(batches, batch => Assert.InRange(batch.Length, 1, batchSize));
        Assert.InRange(batches.Max(batch => batch.Length) - batches.Min(batch => batch.Length), 0, 1);
    }

    [Fact]
    public void OrderComesFromSeedAndEpochAlone()
    {
        Assert.Equal(BatchPlanner.Epoch(100, 8, 3, 2), BatchPlanner.Epoch(100, 8, 3, 2));
        Assert.NotEqual(BatchPlanner.Epoch(100, 8, 3, 2), BatchPlanner.Epoch(100, 8, 3, 1));
        Assert.NotEqual(BatchPlanner.Epoch(100, 8, 3, 2), BatchPlanner.Epoch(100, 8, 4, 2));
    }

    [Fact]
    public void NothingGivesNoBatch() => Assert.Empty(BatchPlanner.Epoch(0, 8, 1, 0));
}
