using System.Text.Json;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Tokenization;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>Adapters as PEFT saved them, read onto their bases: the logits are those of PEFT.</summary>
public class PeftImportTests
{
    private const double Tolerance = 2e-5;

    /// <summary>The recordings whose adapter is read.</summary>
    public static TheoryData<string> Adapters { get; } =
        [.. ((IEnumerable<object[]>)TrajectoryTests.Repeated).Select(row => (string)row[0]).Where(name => name != "tiny-bert-full")];

    [SkippableTheory]
    [MemberData(nameof(Adapters))]
    public void LogitsAreThoseOfPeft(string name)
    {
        var trajectory = new Trajectory(name);
        SessionSpec spec = trajectory.Spec(threads: 1);
        PeftAdapter adapter = PeftAdapterReader.Read(Shared.Require($"models/tiny/peft/{name}/adapter"), Prefix(spec.Base));
        using var session = new ManagedSession(spec with { Adapter = adapter.Config });
        session.Import(adapter.State);
        PeftAdapter plain = adapter with { State = session.Export() };
        using var folder = new TemporaryFolder();
        PeftAdapterWriter.Write(folder.Path, plain, Prefix(spec.Base));
        PeftAdapter written = PeftAdapterReader.Read(folder.Path, Prefix(spec.Base));
        using var scorer = new ManagedScorer(spec.Base, written.State, written.Config, spec.Head, threads: 1);

        Assert.Equal(spec.Head.Outputs, adapter.Outputs);
        Assert.False(written.Config.Initialization is AdapterInitialization.Pissa or AdapterInitialization.Olora);
        var batch = new PackedBatch();
        foreach ((EncodedExample example, float[] expected) in trajectory.FinalLogits)
        {
            var logits = new float[expected.Length];
            batch.Fill([example], [0]);
            session.Score(batch, logits);
            Assert.InRange(GoldenJson.MaxDifference(expected, logits), 0, Tolerance);
            scorer.Score(batch, logits);
            Assert.InRange(GoldenJson.MaxDifference(expected, logits), 0, Tolerance);
        }
    }

    [SkippableFact]
    public void QuestionsAreScoredAsByPython()
    {
        JsonElement golden = GoldenJson.Read("models/peft-minilm-trec6/expected_outputs.json");
        PeftAdapter adapter = PeftAdapterReader.Read(Shared.Require("models/peft-minilm-trec6"), "bert.");
        BaseModelFiles files = BaseModelFiles.Embedded();
        TextEncoder encoder = TextEncoder.Load(files);
        using var scorer = new ManagedScorer(
            files, adapter.State, adapter.Config, new HeadSpec { Outputs = adapter.Outputs!.Value }, threads: 1);
        string[] lines = File.ReadAllLines(Shared.Require("data/trec6/test.tsv"))[1..];
        JsonElement[] expected = [.. golden.GetProperty("logits").EnumerateArray()];
        Assert.Equal(expected.Length, lines.Length);

        var batch = new PackedBatch();
        var logits = new float[scorer.Outputs];
        for (int i = 0; i < lines.Length; i++)
        {
            TokenizedText encoded = encoder.Encode(lines[i].Split('\t')[1], null, golden.GetProperty("max_length").GetInt32());
            batch.Fill([new EncodedExample { Ids = encoded.Ids, TypeIds = encoded.TypeIds }], [0]);
            scorer.Score(batch, logits);
            Assert.InRange(GoldenJson.MaxDifference(expected[i].Floats(), logits), 0, 1e-4);
        }
    }

    private static string Prefix(BaseModelFiles files) => EncoderConfig.Read(files.ReadConfig()).Family.Prefix;
}
