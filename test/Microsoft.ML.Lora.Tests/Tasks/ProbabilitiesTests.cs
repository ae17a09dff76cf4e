using Microsoft.ML.Lora.Tasks;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tasks;

public class ProbabilitiesTests
{
    [Fact]
    public void Softmax_of_large_and_small_logits_is_finite_and_sums_to_one()
    {
        float[] rows = [1000, 1000, 999, -1000, -1001, -1002];
        Probabilities.FromLogits(rows, 3);

        double last = Math.Exp(-1);
        Assert.Equal(1 / (2 + last), rows[0], 6);
        Assert.Equal(rows[0], rows[1]);
        Assert.Equal(1, rows[3..].Sum(), 6);
        Assert.Equal(Math.Exp(-2) / (1 + last + Math.Exp(-2)), rows[5], 6);
    }

    [Fact]
    public void The_first_of_equals_is_the_largest() => Assert.Equal(1, Probabilities.IndexOfLargest([0.2f, 0.4f, 0.4f]));
}
