using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>A steady step allocates nothing that the collector would have to see.</summary>
public class AllocationTests
{
    [SkippableTheory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void SteadyStepsAllocateNothing(bool dora, bool mean)
    {
        var spec = new SessionSpec
        {
            Base = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert")),
            Adapter = new AdapterConfig { Rank = 4, Dropout = 0.1f, UseDora = dora },
            Head = new HeadSpec { Outputs = 3, Pooling = mean ? Pooling.Mean : Pooling.FamilyHead, Dropout = 0.1f },
            Threads = 1,
        };
        using var session = new ManagedSession(spec);
        using var scorer = new ManagedScorer(spec.Base, session.Export(), spec.Adapter, spec.Head, threads: 1);
        PackedBatch batch = Batch();
        var logits = new float[batch.Count * 3];
        Work(rounds: 4);

        // A table of the runtime's own (of casts, of virtual methods) may grow in the midst of it, once.
        long least = Enumerable.Range(0, 3).Min(_ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Work(rounds: 8);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.Equal(0, least);

        void Work(int rounds)
        {
            for (int round = 0; round < rounds; round++)
            {
                session.TrainStep(batch, 1e-3f);
                session.TrainPairs(batch, 1e-3f);
                session.Score(batch, logits);
                scorer.Score(batch, logits);
            }
        }
    }

    private static PackedBatch Batch()
    {
        EncodedExample[] examples = [.. Enumerable.Range(0, 40).Select(i => new EncodedExample
        {
            Ids = [.. Enumerable.Range(0, 3 + (i % 30)).Select(token => 2 + ((i * 31) + (token * 7)) % 1000)],
            ClassIndex = i % 3,
        })];
        var batch = new PackedBatch();
        batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
        return batch;
    }
}
