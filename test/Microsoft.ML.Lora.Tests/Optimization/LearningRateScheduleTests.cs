using Microsoft.ML.Lora.Optimization;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Optimization;

public class LearningRateScheduleTests
{
    [Fact]
    public void LinearIsThatOfTheRecordings()
    {
        var schedule = new LearningRateSchedule(ScheduleShape.Linear, TotalSteps: 12, WarmupSteps: 2);
        float[] expected = [0.5f, 1, 1, 0.9f, 0.8f, 0.7f, 0.6f, 0.5f, 0.4f, 0.3f, 0.2f, 0.1f];
        Assert.Equal(expected, Enumerable.Range(0, 12).Select(step => MathF.Round(schedule.Factor(step), 5)));
        Assert.Equal(0, schedule.Factor(12));
    }

    [Fact]
    public void CosineFallsHalfwayInTheMiddle()
    {
        var schedule = new LearningRateSchedule(ScheduleShape.Cosine, TotalSteps: 11, WarmupSteps: 1);
        Assert.Equal(1, schedule.Factor(1));
        Assert.Equal(0.5f, schedule.Factor(6), 1e-6f);
        Assert.Equal(0, schedule.Factor(11), 1e-6f);
    }

    [Fact]
    public void ConstantStaysAfterTheWarmUp()
    {
        var schedule = new LearningRateSchedule(ScheduleShape.Constant, TotalSteps: 10, WarmupSteps: 4);
        Assert.Equal(0.25f, schedule.Factor(0));
        Assert.All(Enumerable.Range(4, 6), step => Assert.Equal(1, schedule.Factor(step)));
    }

    // torch.optim.lr_scheduler.OneCycleLR(SGD(lr=1), max_lr=1, total_steps=10): its first, highest and last rate.
    [Fact]
    public void OneCycleRisesAndFalls()
    {
        var schedule = new LearningRateSchedule(ScheduleShape.OneCycle, TotalSteps: 10, WarmupSteps: 3);
        Assert.Equal(0.04f, schedule.Factor(0), 1e-6f);
        Assert.Equal(1, schedule.Factor(2), 1e-6f);
        Assert.Equal(4e-6f, schedule.Factor(9), 1e-7f);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    public void ShortRunsHaveFactorsFromZeroToOne(int total, int warmup)
    {
        foreach (ScheduleShape shape in Enum.GetValues<ScheduleShape>())
        {
            var schedule = new LearningRateSchedule(shape, total, warmup);
            Assert.All(Enumerable.Range(0, total), step => Assert.InRange(schedule.Factor(step), 0f, 1f));
            Assert.True(schedule.Factor(0) > 0);
        }
    }
}
