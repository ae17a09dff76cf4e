using Microsoft.ML.Lora.Tasks;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tasks;

public class ClassificationMetricsTests
{
    // from sklearn.metrics import f1_score, matthews_corrcoef, log_loss
    // truth = [0, 0, 1, 2, 2, 2]; predicted = [0, 1, 1, 2, 0, 2]
    private static readonly int[] _truth = [0, 0, 1, 2, 2, 2];
    private static readonly float[] _probabilities =
    [
        0.7f, 0.2f, 0.1f,
        0.3f, 0.5f, 0.2f,
        0.1f, 0.8f, 0.1f,
        0.1f, 0.1f, 0.8f,
        0.6f, 0.2f, 0.2f,
        0.25f, 0.25f, 0.5f,
    ];

    [Fact]
    public void Agrees_with_scikit_learn()
    {
        ClassificationMetrics metrics = ClassificationMetrics.Of(_probabilities, _truth, 3);

        Assert.Equal(4 / 6.0, metrics.Accuracy, 12);
        Assert.Equal((0.5 + (2 / 3.0) + 0.8) / 3, metrics.MacroF1, 12);
        Assert.Equal(12 / Math.Sqrt(24 * 22), metrics.MatthewsCorrelation, 12);
        double expected = -new[] { 0.7, 0.3, 0.8, 0.8, 0.2, 0.5 }.Average(p => Math.Log((float)p));
        Assert.Equal(expected, metrics.LogLoss, 6);
    }

    [Fact]
    public void A_class_nobody_has_does_not_count_in_macro_f1()
    {
        ClassificationMetrics metrics = ClassificationMetrics.Of([0.9f, 0.1f, 0, 0.2f, 0.8f, 0], [0, 1], 3);
        Assert.Equal(1, metrics.MacroF1);
        Assert.Equal(1, metrics.MatthewsCorrelation);
    }

    [Fact]
    public void Constant_predictions_have_no_correlation() =>
        Assert.Equal(0, ClassificationMetrics.Of([1, 0, 1, 0], [0, 1], 2).MatthewsCorrelation);

    [Fact]
    public void A_certain_mistake_costs_a_finite_loss() =>
        Assert.Equal(-Math.Log(1e-15), ClassificationMetrics.Of([1, 0], [1], 2).LogLoss, 9);
}
