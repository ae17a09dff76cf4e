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

    // Against the recording's figures in double precision.
    private const double ToleranceOfLosses = 2e-6;
    private const double ToleranceOfLogits = 1e-5;

    private const float RoundingOfGradients = 1e-6f;
    private const float RoundingOfNothing = 1e-8f;

    /// <summary>The recordings that are repeated.</summary>
    public static TheoryData<string> Repeated { get; } =
    [
        "tiny-bert-qv",
        "tiny-bert-all-linear",
        "tiny-bert-rank1",
        "tiny-bert-rslora",
        "tiny-bert-gaussian",
        "tiny-bert-bias-lora-only",
        "tiny-bert-bias-all",
        "tiny-bert-rank-pattern",
        "tiny-bert-layers-1-2",
        "tiny-bert-pooler-saved",
        "tiny-bert-loraplus",
        "tiny-bert-lora-dropout-none",
        "tiny-bert-full",
        "tiny-bert-dora",
        "tiny-bert-pissa",
        "tiny-bert-olora",
        "tiny-bert-regression-pairs",
        "tiny-bert-multi-label",
        "tiny-roberta-pairs",
        "tiny-roberta-qv",
        "tiny-roberta-all-linear",
        "tiny-xlm-roberta-qv",
        "tiny-distilbert-qv",
        "tiny-electra-qv",
        "tiny-mpnet-qv",
        "tiny-modernbert-qkv",
        "tiny-deberta-v2-qv",
    ];

    /// <summary>The recordings of what the engine does not do, and what that is.</summary>
    public static TheoryData<string, string> NotRepeated { get; } = new()
    {
        { "tiny-bert-token-classification", "labels of tokens" },
        { "tiny-roberta-token-classification", "labels of tokens" },
        { "tiny-bert-vera", "VeRA" },
        { "tiny-bert-loha", "LoHa" },
        { "tiny-bert-lokr", "LoKr" },
        { "tiny-bert-ia3", "IA3" },
        { "tiny-gpt2-c_attn", "decoders" },
        { "tiny-llama-qv", "decoders" },
        { "tiny-qwen2-all-linear", "decoders" },
        { "tiny-vit-qv", "images" },
    };

    [SkippableTheory]
    [MemberData(nameof(NotRepeated))]
    public void WhatIsNotRepeatedIsNamed(string name, string missing)
    {
        Assert.DoesNotContain(name, NamesOf(Repeated));
        Skip.If(Shared.Exists($"models/tiny/peft/{name}"), $"the engine has no {missing}");
        Skip.If(true, "the recording is not on this machine");
    }

    [SkippableFact]
    public void EveryRecordingIsListed()
    {
        IEnumerable<string> folders =
            Directory.GetDirectories(Shared.Require("models/tiny/peft")).Select(folder => Path.GetFileName(folder)!);
        Assert.Equal(
            folders.Order(StringComparer.Ordinal),
            NamesOf(Repeated).Concat(NamesOf(NotRepeated)).Order(StringComparer.Ordinal));
    }

    [SkippableTheory]
    [MemberData(nameof(Repeated))]
    public void RunIsThatOfPeft(string name)
    {
        var trajectory = new Trajectory(name);
        using var session = new ManagedSession(trajectory.Spec(threads: 2));
        Assert.Equal(trajectory.Trainable, session.Facts.TrainableParameters);
        session.Import(trajectory.Tensors("initial"));

        var batch = new PackedBatch();
        var losses = new List<double>();
        foreach (JsonElement step in trajectory.Steps)
        {
            EncodedExample[] examples = trajectory.Examples(step);
            batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
            if (losses.Count == 0)
            {
                AssertClose(trajectory.Tensors("gradient_step0"), session.Differentiate(batch).Gradient);
            }

            StepResult result = session.TrainStep(batch, trajectory.LearningRate * step.GetProperty("lr_factor").GetSingle());
            losses.Add(result.Loss);
            Assert.InRange(result.Loss - step.GetProperty("loss").GetDouble(), -Tolerance, Tolerance);
            Assert.InRange(result.GradientNorm - step.GetProperty("grad_norm").GetDouble(), -Tolerance, Tolerance);
        }

        AssertTrainedAlike(
            trajectory.Tensors("final"), Recorded(session.Export(), trajectory), trajectory.Tensors("gradient_step0"));
        SessionSpec spec = trajectory.Spec(threads: 1);
        using var merged = new ManagedScorer(spec.Base, session.Export(), session.Facts.ExportedAdapter, spec.Head, spec.Threads);
        foreach ((EncodedExample example, float[] expected) in trajectory.FinalLogits)
        {
            var logits = new float[expected.Length];
            batch.Fill([example], [0]);
            session.Score(batch, logits);
            Assert.InRange(GoldenJson.MaxDifference(expected, logits), 0, Tolerance);
            merged.Score(batch, logits);
            Assert.InRange(GoldenJson.MaxDifference(expected, logits), 0, Tolerance);
        }

        AssertAsInDoublePrecision(trajectory, session, losses);
    }

    private static void AssertAsInDoublePrecision(Trajectory trajectory, ManagedSession session, List<double> losses)
    {
        if (trajectory.InDoublePrecision is not { } recorded)
        {
            return;
        }

        Assert.All(losses.Zip(recorded.Losses), pair => Assert.InRange(
            pair.First - pair.Second, -ToleranceOfLosses, ToleranceOfLosses));
        var batch = new PackedBatch();
        foreach ((EncodedExample example, float[] expected) in trajectory.FinalLogits.Zip(
            recorded.FinalLogits, (item, logits) => (item.Example, logits)))
        {
            var logits = new float[expected.Length];
            batch.Fill([example], [0]);
            session.Score(batch, logits);
            Assert.InRange(GoldenJson.MaxDifference(expected, logits), 0, ToleranceOfLogits);
        }
    }

    // A key's bias adds the same to all scores of a row, so the softmax has no gradient for it: what there is comes from rounding,
    // and Adam blows it up to whole steps. The outputs do not depend on it.
    private static bool HasNoGradient(string name) => name.EndsWith(".key.bias", StringComparison.Ordinal);

    private static IEnumerable<string> NamesOf(IEnumerable<object[]> rows) => rows.Select(row => (string)row[0]);

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

    // Adam divides a first gradient by its size plus 1e-8. Where that gradient, a sum of terms thousands of times larger, is as small
    // as its own rounding error, two right sums give visibly different first steps; the recording says where it is.
    private static void AssertTrainedAlike(AdapterState expected, AdapterState actual, AdapterState firstGradient)
    {
        Assert.Equal(expected.Names, actual.Names);
        foreach ((string name, AdapterTensor tensor) in expected.Tensors)
        {
            float[] values = actual[name].Values;
            float[] gradient = firstGradient[name].Values;
            if (HasNoGradient(name))
            {
                Assert.All(gradient, value => Assert.InRange(Math.Abs(value), 0, RoundingOfNothing));
                continue;
            }

            for (int i = 0; i < values.Length; i++)
            {
                bool isRounding = gradient[i] != 0 && Math.Abs(gradient[i]) < RoundingOfGradients;
                double difference = Math.Abs((double)tensor.Values[i] - values[i]);
                Assert.True(difference <= (isRounding ? 10 : 1) * Tolerance, $"{name}[{i}] differs by {difference:g3}");
            }
        }
    }
}
