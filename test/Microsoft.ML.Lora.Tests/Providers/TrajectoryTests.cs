using System.Text.Json;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>Whole runs of PEFT repeated: losses, norms, the first gradient, the final tensors and logits.</summary>
public class TrajectoryTests
{
    private const double Tolerance = 2e-5;

    [SkippableTheory]
    [InlineData("tiny-bert-qv")]
    [InlineData("tiny-bert-all-linear")]
    [InlineData("tiny-bert-rank1")]
    [InlineData("tiny-bert-rslora")]
    [InlineData("tiny-bert-gaussian")]
    [InlineData("tiny-bert-bias-lora-only")]
    [InlineData("tiny-bert-bias-all")]
    [InlineData("tiny-bert-rank-pattern")]
    [InlineData("tiny-bert-layers-1-2")]
    [InlineData("tiny-bert-pooler-saved")]
    [InlineData("tiny-bert-loraplus")]
    [InlineData("tiny-bert-lora-dropout-none")]
    [InlineData("tiny-bert-full")]
    [InlineData("tiny-bert-dora")]
    [InlineData("tiny-bert-pissa")]
    [InlineData("tiny-bert-olora")]
    [InlineData("tiny-roberta-qv")]
    [InlineData("tiny-roberta-all-linear")]
    [InlineData("tiny-xlm-roberta-qv")]
    [InlineData("tiny-distilbert-qv")]
    [InlineData("tiny-electra-qv")]
    [InlineData("tiny-mpnet-qv")]
    public void RunIsThatOfPeft(string name)
    {
        var trajectory = new Trajectory(name);
        using var session = new ManagedSession(trajectory.Spec(threads: 2));
        Assert.Equal(trajectory.Trainable, session.Facts.TrainableParameters);
        session.Import(trajectory.Tensors("initial"));

        var batch = new PackedBatch();
        bool first = true;
        foreach (JsonElement step in trajectory.Steps)
        {
            EncodedExample[] examples = trajectory.Examples(step);
            batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
            if (first)
            {
                AssertClose(trajectory.Tensors("gradient_step0"), session.Gradient(batch));
                first = false;
            }

            StepResult result = session.TrainStep(batch, trajectory.LearningRate * step.GetProperty("lr_factor").GetSingle());
            Assert.InRange(result.Loss - step.GetProperty("loss").GetDouble(), -Tolerance, Tolerance);
            Assert.InRange(result.GradientNorm - step.GetProperty("grad_norm").GetDouble(), -Tolerance, Tolerance);
        }

        AssertTrainedAlike(trajectory.Tensors("final"), Recorded(session.Export(), trajectory));
        foreach ((EncodedExample example, float[] expected) in trajectory.FinalLogits)
        {
            var logits = new float[expected.Length];
            batch.Fill(example);
            session.Score(batch, logits);
            Assert.InRange(GoldenJson.MaxDifference(expected, logits), 0, Tolerance);
        }
    }

    // A key's bias adds the same to all scores of a row, so the softmax has no gradient for it: what there is comes from rounding,
    // and Adam blows it up to whole steps. The outputs do not depend on it.
    private static bool HasNoGradient(string name) => name.EndsWith(".key.bias", StringComparison.Ordinal);

    // PiSSA and OLoRA are exported as [A ; A0] and [B, −B0]; the recording has A and B.
    private static AdapterState Recorded(AdapterState exported, Trajectory trajectory)
    {
        foreach ((string name, AdapterTensor expected) in trajectory.Tensors("final").Tensors)
        {
            AdapterTensor actual = exported[name];
            if (actual.Values.Length != 2 * expected.Values.Length)
            {
                continue;
            }

            int kept = expected.Shape[1];
            exported[name] = new AdapterTensor(
                expected.Shape,
                [.. actual.Values.Where((_, i) => i / actual.Shape[1] < expected.Shape[0] && i % actual.Shape[1] < kept)]);
        }

        return exported;
    }

    private static void AssertClose(AdapterState expected, AdapterState actual)
    {
        Assert.Equal(expected.Names, actual.Names);
        foreach ((string name, AdapterTensor tensor) in expected.Tensors)
        {
            double difference = GoldenJson.MaxDifference(tensor.Values, actual[name].Values);
            Assert.True(difference <= Tolerance, $"{name} differs by {difference:g3}");
        }
    }

    // One number of a run's thousands may lie a little further off: where a gradient is as small as its rounding error, Adam, which
    // divides by its size, makes a visible part of a step of that error.
    private static void AssertTrainedAlike(AdapterState expected, AdapterState actual)
    {
        Assert.Equal(expected.Names, actual.Names);
        int beyond = 0;
        foreach ((string name, AdapterTensor tensor) in expected.Tensors.Where(pair => !HasNoGradient(pair.Key)))
        {
            float[] values = actual[name].Values;
            double difference = GoldenJson.MaxDifference(tensor.Values, values);
            beyond += tensor.Values.Where((value, i) => Math.Abs(value - values[i]) > Tolerance).Count();
            Assert.True(difference <= 10 * Tolerance, $"{name} differs by {difference:g3}");
        }

        Assert.InRange(beyond, 0, 1);
    }
}
