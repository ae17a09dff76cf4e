using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>Sessions one after another over one base: each trains and scores the bits that it would alone, whatever came before.</summary>
public class SharedBaseTests
{
    private const int Classes = 3;

    private static readonly AdapterConfig _narrow = new() { Rank = 2, Dropout = 0.1f };
    private static readonly AdapterConfig _top = _narrow with { Rank = 4, LayersToTransform = [2] };

    private readonly EncodedExample[] _examples = [.. Enumerable.Range(0, 24).Select(i => new EncodedExample
    {
        Ids = [.. Enumerable.Range(0, 2 + (i % 11)).Select(token => 3 + (((i * 131) + (token * 17)) % 900))],
        ClassIndex = i % Classes,
    })];

    [SkippableTheory]
    [InlineData("models/tiny/tiny-bert")]
    [InlineData("models/tiny/tiny-bert-f16")]
    [InlineData("models/tiny/tiny-mpnet")]
    [InlineData("models/tiny/tiny-deberta-v2")]
    [InlineData("models/tiny/tiny-modernbert")]
    public void A_session_is_the_same_whatever_shared_its_base_before(string folder)
    {
        BaseModelFiles files = BaseModelFiles.FromFolder(Shared.Require(folder));
        using var shared = new SharedBase();
        foreach ((string what, SessionSpec spec) in Specs(files))
        {
            (AdapterState alone, float[] aloneLogits) = Train(spec);
            (AdapterState state, float[] logits) = Train(spec with { Shared = shared });
            Assert.True(aloneLogits.AsSpan().SequenceEqual(logits), $"{what}: other scores.");
            Assert.Equal(alone.Names, state.Names);
            Assert.All(alone.Tensors, pair => Assert.True(
                pair.Value.Values.AsSpan().SequenceEqual(state[pair.Key].Values), $"{what}: {pair.Key} differs."));
        }
    }

    // What follows what is on purpose: each kind comes after one that needs less, more, or a changed weight.
    private static IEnumerable<(string What, SessionSpec Spec)> Specs(BaseModelFiles files)
    {
        yield return Lora("rank 2", _narrow);
        yield return Lora("rank 16 in all", _narrow with { Rank = 16 });
        yield return Lora("the top layer", _top);
        yield return Lora("the top layer again", _top with { Rank = 8 }, seed: 2);
        yield return Head("the head on the mean", Pooling.Mean);
        yield return Head("the head on the mean again", Pooling.Mean, seed: 2);
        yield return Head("the head on first tokens", Pooling.FirstToken);
        yield return Head("the head on first tokens again", Pooling.FirstToken, seed: 2);
        yield return Lora("DoRA", _narrow with { UseDora = true });
        yield return Lora("PiSSA in the top layer", _top with { Initialization = AdapterInitialization.Pissa });
        yield return Lora("biases", _narrow with { Bias = BiasTraining.All });
        yield return ("full", Spec() with { FineTuning = FineTuning.Full });
        yield return Head("the head after all", Pooling.FirstToken);
        yield return Lora("rank 2 after all", _narrow);

        SessionSpec Spec() => new()
        {
            Base = files,
            Adapter = _narrow,
            Head = new HeadSpec { Outputs = Classes, Dropout = 0.1f },
            HiddenDropout = 0.1f,
            AttentionDropout = 0.1f,
            Seed = 1,
            Threads = 2,
        };

        (string, SessionSpec) Lora(string what, AdapterConfig adapter, ulong seed = 1) =>
            (what, Spec() with { Adapter = adapter, Seed = seed });

        (string, SessionSpec) Head(string what, Pooling pooling, ulong seed = 1) => (what, Spec() with
        {
            FineTuning = FineTuning.HeadOnly,
            Head = new HeadSpec { Outputs = Classes, Dropout = 0.1f, Pooling = pooling },
            Seed = seed,
        });
    }

    private (AdapterState State, float[] Logits) Train(SessionSpec spec)
    {
        using var session = new ManagedSession(spec);
        var batch = new PackedBatch();
        for (int epoch = 0; epoch < 2; epoch++)
        {
            foreach (int[] indices in BatchPlanner.Epoch(_examples.Length, 8, seed: 3, epoch))
            {
                batch.Fill(_examples, indices);
                session.TrainStep(batch, 0.01f);
            }
        }

        batch.Fill(_examples, [.. Enumerable.Range(0, _examples.Length)]);
        var logits = new float[_examples.Length * Classes];
        session.Score(batch, logits);
        return (session.Export(), logits);
    }
}
