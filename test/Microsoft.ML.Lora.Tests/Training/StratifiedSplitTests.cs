using Microsoft.ML.Lora.Training;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Training;

public class StratifiedSplitTests
{
    private static readonly int[] _classes =
        [.. Enumerable.Repeat(0, 70), .. Enumerable.Repeat(1, 25), .. Enumerable.Repeat(2, 4), 3];

    [Fact]
    public void Every_class_keeps_its_share_and_no_example_is_lost()
    {
        (int[] training, int[] validation) = StratifiedSplit.Of(_classes, 0.1, seed: 1);

        Assert.Equal(Enumerable.Range(0, _classes.Length), training.Concat(validation).Order());
        Assert.Equal([7, 3, 1, 0], Enumerable.Range(0, 4).Select(c => validation.Count(i => _classes[i] == c)));
    }

    [Fact]
    public void The_seed_decides_which()
    {
        int[] first = StratifiedSplit.Of(_classes, 0.1, seed: 1).Validation;
        Assert.Equal(first, StratifiedSplit.Of(_classes, 0.1, seed: 1).Validation);
        Assert.NotEqual(first, StratifiedSplit.Of(_classes, 0.1, seed: 2).Validation);
    }

    [Fact]
    public void A_large_share_leaves_every_class_one_example_to_train_on()
    {
        (int[] training, _) = StratifiedSplit.Of([0, 0, 1, 1, 1], 0.99, seed: 1);
        Assert.Equal([0, 1], training.Select(i => new[] { 0, 0, 1, 1, 1 }[i]).Order());
    }
}
