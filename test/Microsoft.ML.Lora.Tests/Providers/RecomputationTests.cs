using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>Activations that are computed a second time: the same bits in less memory.</summary>
public class RecomputationTests
{
    [SkippableTheory]
    [InlineData("tiny-bert", "FamilyHead", "Lora")]
    [InlineData("tiny-bert", "Mean", "Lora")]
    [InlineData("tiny-bert", "FamilyHead", "Full")]
    [InlineData("tiny-bert", "Mean", "HeadOnly")]
    [InlineData("tiny-mpnet", "Mean", "Full")]
    [InlineData("tiny-modernbert", "FamilyHead", "Lora")]
    [InlineData("tiny-modernbert", "Mean", "Full")]
    [InlineData("tiny-deberta-v2", "FamilyHead", "Lora")]
    public void TrainsTheSameBits(string model, string pooling, string fineTuning)
    {
        SessionSpec spec = Spec(model, Enum.Parse<Pooling>(pooling)) with { FineTuning = Enum.Parse<FineTuning>(fineTuning) };
        AssertSameBits(Train(spec), Train(spec with { RecomputesActivations = true }));
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void TrainsTheSameBitsAboveFrozenLayers(int layer)
    {
        SessionSpec spec = Spec("tiny-bert", Pooling.Mean);
        spec = spec with { Adapter = spec.Adapter with { LayersToTransform = [layer], UseDora = true } };
        AssertSameBits(Train(spec), Train(spec with { RecomputesActivations = true }));
    }

    [SkippableFact]
    public void TakesLessThanHalfOfTheMemory() =>
        Assert.InRange((double)WorkspaceFloats(recomputes: true) / WorkspaceFloats(recomputes: false), 0.05, 0.5);

    private static long WorkspaceFloats(bool recomputes)
    {
        SessionSpec spec = Spec("tiny-bert", Pooling.Mean) with { RecomputesActivations = recomputes };
        using var managed = new ManagedModel(spec);
        using var worker = new ShardWorker(managed.Model);
        using AlignedBuffer gradients = managed.Model.Parameters.CreateBuffer();
        EncodedExample[] examples = [.. Enumerable.Range(0, 200).Select(i => new EncodedExample
        {
            Ids = [.. Enumerable.Range(0, 40).Select(token => 5 + (((7 * i) + token) % 900))],
        })];
        var batch = new PackedBatch();
        batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
        for (int round = 0; round < 2; round++)
        {
            worker.Load(batch, [.. Enumerable.Range(0, examples.Length)], ThreadTeam.Single);
            worker.Pass.Train(gradients, new RandomStream(1, "dropout"));
            Matrix outputs = managed.Model.Forward(worker.Pass, worker.Memo);
            managed.Model.Backward(worker.Pass, worker.Memo, outputs);
        }

        return worker.Pass.Workspace.Capacity;
    }

    private static SessionSpec Spec(string model, Pooling pooling) => new()
    {
        Base = BaseModelFiles.FromFolder(Shared.Require("models/tiny/" + model)),
        Adapter = new AdapterConfig { Rank = 4, Dropout = 0.1f },
        Head = new HeadSpec { Outputs = 3, Dropout = 0.1f, Pooling = pooling },
        HiddenDropout = 0.1f,
        AttentionDropout = 0.1f,
        Seed = 5,
        Threads = 2,
    };

    private static AdapterState Train(SessionSpec spec)
    {
        using var session = new ManagedSession(spec);
        EncodedExample[] examples = [.. Enumerable.Range(0, 48).Select(i => new EncodedExample
        {
            Ids = [.. Enumerable.Range(0, 3 + (i % 20)).Select(token => 5 + (((31 * i) + (7 * token)) % 900))],
            ClassIndex = i % 3,
        })];
        var batch = new PackedBatch();
        for (int step = 0; step < 4; step++)
        {
            batch.Fill(examples, [.. Enumerable.Range(24 * (step % 2), 24)]);
            session.TrainStep(batch, 0.01f);
        }

        return session.Export();
    }

    private static void AssertSameBits(AdapterState expected, AdapterState actual)
    {
        Assert.Equal(expected.Names, actual.Names);
        foreach ((string name, AdapterTensor tensor) in expected.Tensors)
        {
            Assert.Equal(tensor.Values, actual[name].Values);
        }
    }
}
