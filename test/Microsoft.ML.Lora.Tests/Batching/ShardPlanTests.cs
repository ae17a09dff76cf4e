using Microsoft.ML.Lora.Batching;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Batching;

public class ShardPlanTests
{
    [Theory]
    [InlineData(new[] { 5 }, 1)]
    [InlineData(new[] { 512 }, 1)]
    [InlineData(new[] { 40, 40 }, 1)]
    [InlineData(new[] { 100, 100 }, 2)]
    [InlineData(new[] { 128, 128, 128, 128, 128, 128, 128, 128 }, 4)]
    [InlineData(new[] { 900, 30, 30 }, 2)]
    public void CutsByTokens(int[] lengths, int expected)
    {
        var plan = new ShardPlan();
        plan.Fill(Offsets(lengths));
        Assert.Equal(expected, plan.Count);
        AssertEachOnce(plan, lengths.Length);
    }

    [Fact]
    public void ShardsOfManySequencesAreWithinTheShortestOfEachOther()
    {
        int[] lengths = [.. Enumerable.Range(0, 32).Select(i => 5 + (i * 37 % 90))];
        var plan = new ShardPlan();
        plan.Fill(Offsets(lengths));
        AssertEachOnce(plan, lengths.Length);
        int[] tokens = [.. Enumerable.Range(0, plan.Count).Select(shard => plan.Members(shard).ToArray().Sum(i => lengths[i]))];
        Assert.True(plan.Count >= 2 && plan.Count % 2 == 0);
        Assert.InRange(tokens.Max() - tokens.Min(), 0, lengths.Min() + 5);
    }

    [Fact]
    public void TheSamePlanServesLargerAndSmallerBatches()
    {
        var plan = new ShardPlan();
        foreach (int count in new[] { 3, 70, 1, 20 })
        {
            int[] lengths = [.. Enumerable.Range(0, count).Select(i => 20 + i)];
            plan.Fill(Offsets(lengths), mostShards: 3);
            Assert.InRange(plan.Count, 1, 3);
            AssertEachOnce(plan, count);
        }
    }

    private static int[] Offsets(int[] lengths)
    {
        int[] offsets = new int[lengths.Length + 1];
        for (int i = 0; i < lengths.Length; i++)
        {
            offsets[i + 1] = offsets[i] + lengths[i];
        }

        return offsets;
    }

    private static void AssertEachOnce(ShardPlan plan, int sequences)
    {
        var seen = new List<int>();
        for (int shard = 0; shard < plan.Count; shard++)
        {
            int[] members = plan.Members(shard).ToArray();
            Assert.NotEmpty(members);
            Assert.Equal(members.Order(), members);
            seen.AddRange(members);
        }

        Assert.Equal(Enumerable.Range(0, sequences), seen.Order());
    }
}
