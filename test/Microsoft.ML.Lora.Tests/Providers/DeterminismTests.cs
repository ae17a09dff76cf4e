using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>The same bits whatever the number of threads and whoever is in the batch.</summary>
public class DeterminismTests
{
    private const string Base = "models/tiny/tiny-bert";

    [SkippableFact]
    public void AnyNumberOfThreadsTrainsTheSameBits()
    {
        AdapterState one = Train(threads: 1);
        AssertSameBits(one, Train(threads: 2));
        AssertSameBits(one, Train(threads: 3));
    }

    [SkippableFact]
    public void AnyNumberOfThreadsLearnsTheSameBitsFromPairs()
    {
        AdapterState one = Train(threads: 1, pairs: true);
        AssertSameBits(one, Train(threads: 2, pairs: true));
        AssertSameBits(one, Train(threads: 3, pairs: true));
    }

    [SkippableFact]
    public void AnotherSeedTrainsOtherNumbers()
    {
        string name = "bert.encoder.layer.0.attention.self.query.lora_B.weight";
        Assert.NotEqual(Train(threads: 1)[name].Values, Train(threads: 1, seed: 8)[name].Values);
    }

    [SkippableFact]
    public void ScoresDependNeitherOnNeighboursNorOnThreads()
    {
        SessionSpec spec = Spec(threads: 2, seed: 7);
        AdapterState state = Train(threads: 2);
        EncodedExample[] examples = Examples();
        using var many = new ManagedScorer(spec.Base, state, spec.Adapter, spec.Head, threads: 3);
        using var alone = new ManagedScorer(spec.Base, state, spec.Adapter, spec.Head, threads: 1);
        var batch = new PackedBatch();
        var together = new float[examples.Length * many.Outputs];
        batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
        many.Score(batch, together);
        var single = new float[many.Outputs];
        for (int i = 0; i < examples.Length; i++)
        {
            batch.Fill([examples[i]], [0]);
            alone.Score(batch, single);
            Assert.Equal(together[(i * many.Outputs)..((i + 1) * many.Outputs)], single);
        }
    }

    [SkippableFact]
    public void MergedScoresAreThoseOfTheSession()
    {
        SessionSpec spec = Spec(threads: 2, seed: 7);
        using var session = new ManagedSession(spec);
        session.Import(Train(threads: 2));
        using var scorer = new ManagedScorer(spec.Base, session.Export(), spec.Adapter, spec.Head, threads: 2);
        EncodedExample[] examples = Examples();
        var batch = new PackedBatch();
        batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
        var expected = new float[examples.Length * scorer.Outputs];
        var actual = new float[expected.Length];
        session.Score(batch, expected);
        scorer.Score(batch, actual);
        Assert.InRange(GoldenJson.MaxDifference(expected, actual), 0, 2e-5);
    }

    [SkippableFact]
    public void SeveralThreadsMayScoreAtOnce()
    {
        SessionSpec spec = Spec(threads: 2, seed: 7);
        EncodedExample[] examples = Examples();
        using var scorer = new ManagedScorer(spec.Base, Train(threads: 1), spec.Adapter, spec.Head, threads: 2);
        float[][] results = new float[8][];
        Parallel.For(0, results.Length, i =>
        {
            var batch = new PackedBatch();
            batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
            results[i] = new float[examples.Length * scorer.Outputs];
            scorer.Score(batch, results[i]);
        });
        Assert.All(results, result => Assert.Equal(results[0], result));
    }

    [SkippableFact]
    public void AScorerDisposedWhileOthersScoreLetsThemFinish()
    {
        SessionSpec spec = Spec(threads: 2, seed: 7);
        AdapterState state = Train(threads: 1);
        EncodedExample[] examples = Examples();
        float[] expected = Score(spec.Base, state);
        for (int round = 0; round < 20; round++)
        {
            var scorer = new ManagedScorer(spec.Base, state, spec.Adapter, spec.Head, threads: 2);
            using var started = new CountdownEvent(3);
            Task<int>[] threads = [.. Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
                () => ScoreUntilDisposed(scorer, examples, expected, started), TaskCreationOptions.LongRunning))];
            started.Wait();
            scorer.Dispose();
            Assert.All(threads, thread => Assert.True(thread.Result > 0));
            scorer.Dispose();
        }
    }

    [SkippableTheory]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void ABaseInSixteenBitsTrainsAndScoresTheBitsOfItsNumbersAsFloats(string storage)
    {
        using var folder = new TemporaryFolder();
        BaseModelFiles halves = HalfBase.Write(Path.Combine(folder.Path, "halves"), Shared.Require(Base), storage);
        BaseModelFiles floats = HalfBase.Write(Path.Combine(folder.Path, "floats"), Shared.Require(Base), storage, widened: true);
        AdapterState state = Train(threads: 2, files: floats);
        AssertSameBits(state, Train(threads: 2, files: halves));
        Assert.Equal(Score(floats, state), Score(halves, state));
    }

    // The second epoch reads what the frozen layers made of each example in the first; strangers every time have it computed.
    [SkippableTheory]
    [InlineData(FineTuningOf.UpperLayer, false)]
    [InlineData(FineTuningOf.UpperLayer, true)]
    [InlineData(FineTuningOf.Head, false)]
    [InlineData(FineTuningOf.Head, true)]
    public void WhatFrozenLayersGaveIsReadWithTheSameBits(string what, bool mean)
    {
        AssertSameBits(TwoEpochs(strangers: true), TwoEpochs(strangers: false));

        AdapterState TwoEpochs(bool strangers)
        {
            SessionSpec spec = Spec(threads: 2, seed: 3);
            using var session = new ManagedSession(spec with
            {
                FineTuning = what == FineTuningOf.Head ? FineTuning.HeadOnly : FineTuning.Lora,
                Adapter = spec.Adapter with { LayersToTransform = [2] },
                Head = spec.Head with { Pooling = mean ? Pooling.Mean : Pooling.FamilyHead },
            });
            EncodedExample[] examples = Examples();
            var batch = new PackedBatch();
            for (int epoch = 0; epoch < 2; epoch++)
            {
                foreach (int[] indices in BatchPlanner.Epoch(examples.Length, 24, seed: 3, epoch))
                {
                    batch.Fill(strangers ? Examples() : examples, indices);
                    session.TrainStep(batch, 0.01f);
                }
            }

            return session.Export();
        }
    }

    private static EncodedExample[] Examples() =>
        [.. GoldenJson.Read($"{Base}/expected_outputs.json").GetProperty("texts").EnumerateArray().Select((item, i) =>
            new EncodedExample { Ids = item.GetProperty("ids").Ints(), ClassIndex = i % 3 })];

    private static SessionSpec Spec(int threads, ulong seed) => new()
    {
        Base = BaseModelFiles.FromFolder(Shared.Require(Base)),
        Adapter = new AdapterConfig { Rank = 4, Dropout = 0.1f },
        Head = new HeadSpec { Outputs = 3, Dropout = 0.1f },
        Seed = seed,
        Threads = threads,
    };

    private static int ScoreUntilDisposed(
        ManagedScorer scorer, EncodedExample[] examples, float[] expected, CountdownEvent started)
    {
        int rounds = 0;
        try
        {
            var batch = new PackedBatch();
            batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
            var scores = new float[expected.Length];
            while (true)
            {
                scorer.Score(batch, scores);
                Assert.Equal(expected, scores);
                if (rounds++ == 0)
                {
                    started.Signal();
                }
            }
        }
        catch (ObjectDisposedException error)
        {
            Assert.Contains("The model was disposed", error.Message, StringComparison.Ordinal);
            return rounds;
        }
        finally
        {
            if (rounds == 0)
            {
                started.Signal();
            }
        }
    }

    private static float[] Score(BaseModelFiles files, AdapterState state)
    {
        SessionSpec spec = Spec(threads: 2, seed: 7);
        using var scorer = new ManagedScorer(files, state, spec.Adapter, spec.Head, threads: 2);
        EncodedExample[] examples = Examples();
        var batch = new PackedBatch();
        batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
        var scores = new float[examples.Length * scorer.Outputs];
        scorer.Score(batch, scores);
        return scores;
    }

    private static AdapterState Train(int threads, ulong seed = 7, BaseModelFiles? files = null, bool pairs = false)
    {
        SessionSpec spec = Spec(threads, seed);
        using var session = new ManagedSession(files is null ? spec : spec with { Base = files });
        EncodedExample[] examples = Examples();
        var batch = new PackedBatch();
        foreach (int[] indices in BatchPlanner.Epoch(examples.Length, 24, seed, epoch: 0))
        {
            batch.Fill(examples, indices);
            _ = pairs ? session.TrainPairs(batch, 0.01f) : session.TrainStep(batch, 0.01f);
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

    private static class FineTuningOf
    {
        public const string UpperLayer = "the upper layer";
        public const string Head = "the head";
    }
}
