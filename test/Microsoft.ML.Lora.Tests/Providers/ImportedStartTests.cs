using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>Adapters whose start is out of the base (PiSSA, OLoRA): a state brings the start it is read with.</summary>
public class ImportedStartTests
{
    private readonly EncodedExample[] _examples = [.. Enumerable.Range(0, 6).Select(i => new EncodedExample
    {
        Ids = [.. Enumerable.Range(0, 3 + i).Select(token => 5 + (((i * 13) + (token * 7)) % 60))],
        ClassIndex = i % 3,
    })];

    [Theory]
    [InlineData("Pissa", false)]
    [InlineData("Pissa", true)]
    [InlineData("Olora", false)]
    public void AStateIsTheSameModelWhereverItIsImported(string initialization, bool dora)
    {
        var spec = new SessionSpec
        {
            Base = BaseModelFiles.FromFolder(TinyBase.Folder),
            Adapter = new AdapterConfig
            {
                Rank = 4,
                Alpha = 8,
                Initialization = Enum.Parse<AdapterInitialization>(initialization),
                UseDora = dora,
                Bias = BiasTraining.All,
                TargetModules = TargetModules.AllLinear,
            },
            Head = new HeadSpec { Outputs = 3 },
            Threads = 1,
        };
        using var session = new ManagedSession(spec);
        AdapterState state = Changed(session.Export());
        session.Import(state);

        Assert.All(state.Names, name => Assert.Equal(state[name].Values, session.Export()[name].Values));
        using var scorer = new ManagedScorer(spec.Base, state, session.Facts.ExportedAdapter, spec.Head, threads: 1);
        var batch = new PackedBatch();
        batch.Fill(_examples, [.. Enumerable.Range(0, _examples.Length)]);
        float[] merged = new float[3 * _examples.Length], own = new float[3 * _examples.Length];
        scorer.Score(batch, merged);
        session.Score(batch, own);
        Assert.All(merged.Zip(own), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        session.TrainStep(batch, 0.01f);
        Assert.All(
            state.Names.Where(name => name.EndsWith(PeftKeys.Down, StringComparison.Ordinal)),
            name => Assert.Equal(state[name].Values[^20..], session.Export()[name].Values[^20..]));
    }

    // Every tensor moved, and with it the start, as another machine's decomposition moves it, only further.
    private static AdapterState Changed(AdapterState exported)
    {
        AdapterState state = exported.Clone();
        foreach ((string name, AdapterTensor tensor) in exported.Tensors)
        {
            var noise = new float[tensor.Values.Length];
            new RandomStream(5, name).FillNormal(noise, 0.02);
            state[name] = new AdapterTensor(tensor.Shape, [.. tensor.Values.Zip(noise, (value, added) => value + added)]);
        }

        return state;
    }
}
