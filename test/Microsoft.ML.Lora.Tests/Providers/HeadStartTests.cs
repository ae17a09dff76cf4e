using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Training;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>What a session's head reads, and the start it takes.</summary>
public class HeadStartTests
{
    private const int Classes = 3;

    private readonly EncodedExample[] _examples = [.. Enumerable.Range(0, 12).Select(i => new EncodedExample
    {
        Ids = [.. Enumerable.Range(0, 2 + i).Select(token => 3 + (((i * 131) + (token * 17)) % 900))],
        ClassIndex = i % Classes,
    })];

    [SkippableTheory]
    [InlineData("Mean", 1)]
    [InlineData("Mean", 2)]
    [InlineData("FirstToken", 1)]
    [InlineData("FamilyHead", 2)]
    public void Outputs_are_the_features_through_the_head_that_was_set(string pooling, int threads)
    {
        using ManagedSession session = Open(pooling, threads);
        int width = Width(session);
        var weight = new float[Classes * width];
        float[] bias = [0.5f, -1, 2];
        new RandomStream(3, "weight").FillNormal(weight, 0.3);
        session.StartHead(weight, bias);

        float[] features = Evaluator.Features(session, _examples, width);
        float[] logits = Evaluator.Logits(session, _examples, Classes);
        for (int i = 0; i < logits.Length; i++)
        {
            int row = i / Classes, k = i % Classes;
            double expected = bias[k] + Enumerable.Range(0, width).Sum(
                j => (double)weight[(k * width) + j] * features[(row * width) + j]);
            Assert.Equal(expected, logits[i], 1e-4);
        }
    }

    [SkippableFact]
    public void A_probe_tells_the_rows_apart_before_the_first_step()
    {
        using ManagedSession session = Open("Mean", threads: 1);
        LinearProbe.StartHead(session, _examples, new HeadFit(Classes, Width(session), ClassWeights: null, Threads: 1));
        float[] logits = Evaluator.Logits(session, _examples, Classes);

        int right = _examples.Where((example, i) =>
        {
            float[] row = logits[(i * Classes)..((i + 1) * Classes)];
            return Array.IndexOf(row, row.Max()) == example.ClassIndex;
        }).Count();
        Assert.True(right >= 10, $"{right} of {_examples.Length} rows are told right.");
    }

    [SkippableFact]
    public void Rows_set_aside_are_told_where_they_are_alike_and_not_where_labels_are_chance()
    {
        using ManagedSession session = Open("Mean", threads: 1);
        var head = new HeadFit(Classes, Width(session), ClassWeights: null, Threads: 1);
        EncodedExample[] alike = [.. Enumerable.Range(0, 24).Select(i => new EncodedExample
        {
            Ids = [.. Enumerable.Range(0, 6).Select(token => 3 + (300 * (i % Classes)) + token + (i / Classes))],
            ClassIndex = i % Classes,
        })];
        EncodedExample[] same = [.. alike.Select(example => new EncodedExample { Ids = [3, 4, 5], ClassIndex = example.ClassIndex })];
        Assert.True(LinearProbe.HeldOutAccuracy(session, alike, head) > 0.8);
        Assert.InRange(LinearProbe.HeldOutAccuracy(session, same, head), 0, 0.5);
        Assert.Equal(0, LinearProbe.HeldOutAccuracy(session, alike[..3], head));
    }

    private static int Width(ManagedSession session) => session.Export()["classifier.weight"].Shape[1];

    private static ManagedSession Open(string pooling, int threads) => new(new SessionSpec
    {
        Base = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert")),
        Head = new HeadSpec { Outputs = Classes, Pooling = Enum.Parse<Pooling>(pooling) },
        Seed = 5,
        Threads = threads,
    });
}
