using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Hostile;
using Microsoft.ML.Lora.Tests.Providers;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Persistence;

/// <summary>Every adapter that PEFT recorded: taken in, written out again, and merged, it gives PEFT's logits.</summary>
public class AdapterImportTests
{
    private const double Tolerance = 2e-5;

    /// <summary>The recordings of adapters that tell classes apart.</summary>
    public static TheoryData<string> Adapters { get; } =
    [
        .. ((IEnumerable<object[]>)TrajectoryTests.Repeated).Select(row => (string)row[0])
            .Where(name => !name.EndsWith("-full", StringComparison.Ordinal) && !name.Contains("regression", StringComparison.Ordinal)),
    ];

    [SkippableTheory]
    [MemberData(nameof(Adapters))]
    public void LogitsAreThoseOfPeft(string name)
    {
        var trajectory = new Trajectory(name);
        ModelContents model = Import(trajectory);
        using ManagedScorer scorer = Scorer(model);

        Assert.Equal(["LABEL_0", "LABEL_1", "LABEL_2"], model.Labels.Names());
        foreach ((EncodedExample example, float[] expected) in trajectory.FinalLogits)
        {
            Assert.InRange(GoldenJson.MaxDifference(expected, Score(scorer, example)), 0, Tolerance);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Adapters))]
    public void WhatIsWrittenIsTheSame(string name)
    {
        var trajectory = new Trajectory(name);
        ModelContents model = Import(trajectory);
        using var folder = new TemporaryFolder();
        ModelExport.SavePeft(model, folder.Path);
        ModelContents again = Import(trajectory, folder.Path);

        bool isPlain = !name.EndsWith("issa", StringComparison.Ordinal) && !name.EndsWith("olora", StringComparison.Ordinal);
        if (isPlain)
        {
            AssertSameTensors(
                Shared.Require($"models/tiny/peft/{name}/adapter/adapter_model.safetensors"), folder.PathOf("adapter_model.safetensors"));
        }

        Assert.Equal(model.Labels.Names(), again.Labels.Names());
        Assert.Equal(model.Adapter.Names, again.Adapter.Names);
        using ManagedScorer first = Scorer(model);
        using ManagedScorer second = Scorer(again);
        foreach ((EncodedExample example, _) in trajectory.FinalLogits)
        {
            Assert.Equal(Score(first, example), Score(second, example));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Adapters))]
    public void MergedItScoresTheSame(string name)
    {
        var trajectory = new Trajectory(name);
        ModelContents model = Import(trajectory);
        using var folder = new TemporaryFolder();
        ModelExport.SaveMerged(model, folder.Path);

        BaseModelFiles merged = BaseModelFiles.FromFolder(folder.Path);
        ModelFamily family = EncoderConfig.Read(merged.ReadConfig()).Family;
        Assert.Equal([family.ClassName + "ForSequenceClassification"], merged.ReadConfig().TryGetStrings("architectures"));
        Assert.Equal("LABEL_1", merged.ReadConfig().GetStringMap("id2label")["1"]);
        using var plain = new ManagedScorer(merged, new AdapterState(), new AdapterConfig(), model.Head, threads: 1);
        using var session = new ManagedSession(
            new SessionSpec { Base = model.BaseFiles, Adapter = model.AdapterConfig, Head = model.Head, Threads = 1 });
        session.Import(model.Adapter);
        var unmerged = new float[3];
        foreach ((EncodedExample example, float[] expected) in trajectory.FinalLogits)
        {
            session.Score(Batch(example), unmerged);
            Assert.InRange(GoldenJson.MaxDifference(unmerged, Score(plain, example)), 0, 1e-5);
            Assert.InRange(GoldenJson.MaxDifference(expected, Score(plain, example)), 0, Tolerance);
        }
    }

    // PEFT's own merge of the same adapters.
    [SkippableTheory]
    [InlineData("tiny-bert-all-linear", 2e-7)]
    [InlineData("tiny-bert-dora", 1e-6)]
    [InlineData("tiny-roberta-all-linear", 2e-7)]
    public void MergedTensorsAreThoseOfPeft(string name, double tolerance)
    {
        using var folder = new TemporaryFolder();
        ModelExport.SaveMerged(Import(new Trajectory(name)), folder.Path);

        using var expected = SafetensorsFile.Open(Shared.Require($"models/tiny/peft/{name}/merged/model.safetensors"));
        using var written = SafetensorsFile.Open(folder.PathOf("model.safetensors"));
        Assert.Equal(expected.Names.Order(), written.Names.Order());
        Assert.All(expected.Names, tensor => Assert.InRange(
            GoldenJson.MaxDifference(expected.Find(tensor)!.ToArray(), written.Find(tensor)!.ToArray()), 0, tolerance));
    }

    // What "all-linear" and "dense" choose in PEFT, the pooler among it; the tensors are made up.
    [SkippableTheory]
    [InlineData("tiny-bert", "dense", "bert.pooler.dense")]
    [InlineData("tiny-deberta-v2", "dense", "pooler.dense")]
    [InlineData("tiny-electra", "embeddings_project", "electra.embeddings_project")]
    public void LayersOutsideTheEncodersAreAdapted(string model, string target, string expected)
    {
        string folder = Shared.Require("models/tiny/" + model);
        ModelContents made = MadeUp(folder, new AdapterConfig { Rank = 2, TargetModules = TargetModules.ByName(target, "query") });
        Assert.Contains(expected + ".lora_B.weight", made.Adapter.Names);
        using var written = new TemporaryFolder();
        ModelExport.SavePeft(made, written.Path);
        ModelContents read = Read(written.Path, folder);
        Assert.Equal([target, "query"], read.AdapterConfig.TargetModules.Names!);
        using var merged = new TemporaryFolder();
        ModelExport.SaveMerged(read, merged.Path);

        using ManagedScorer scorer = Scorer(read);
        using var plain = new ManagedScorer(
            BaseModelFiles.FromFolder(merged.Path), new AdapterState(), new AdapterConfig(), read.Head, threads: 1);
        using var session = new ManagedSession(
            new SessionSpec { Base = read.BaseFiles, Adapter = read.AdapterConfig, Head = read.Head, Threads = 1 });
        session.Import(read.Adapter);
        var unmerged = new float[3];
        var example = new EncodedExample { Ids = [2, 40, 50, 60, 3] };
        session.Score(Batch(example), unmerged);
        Assert.InRange(GoldenJson.MaxDifference(unmerged, Score(scorer, example)), 0, 1e-5);
        Assert.InRange(GoldenJson.MaxDifference(unmerged, Score(plain, example)), 0, 1e-5);
    }

    // "all-linear" of an encoder alone adapts a pooler that a head over the mean does not read.
    [SkippableFact]
    public void WhatTheHeadDoesNotReadIsLeftOut()
    {
        string folder = Shared.Require("models/tiny/tiny-bert");
        ModelContents made = MadeUp(folder, new AdapterConfig { Rank = 2, TargetModules = TargetModules.ByName("dense", "query") });
        using var written = new TemporaryFolder();
        PeftAdapterWriter.Write(
            written.Path, ArchivedAdapter.AdapterOf(made) with { Task = PeftTask.FeatureExtraction }, "bert.");
        using (FileStream stream = File.Create(written.PathOf(PeftHeadFile.Name)))
        {
            PeftHeadFile.Write(stream, new PeftHead(made.Adapter, ["a", "b", "c"], ReadsMean: true, MaxTokens: 32, TakesPairs: false));
        }

        ModelContents read = Read(written.Path, folder);

        Assert.Equal((Pooling.Mean, 32), (read.Head.Pooling, read.MaxTokens));
        Assert.Equal(["a", "b", "c"], read.Labels.Names());
        Assert.Equal(
            made.Adapter.Names.Where(name => !name.Contains("pooler", StringComparison.Ordinal)), read.Adapter.Names);
        using ManagedScorer scorer = Scorer(read);
        Assert.All(Score(scorer, new EncodedExample { Ids = [2, 40, 3] }), logit => Assert.True(float.IsFinite(logit)));
    }

    [SkippableFact]
    public void BiasesOfBAreTakenIn()
    {
        string folder = Shared.Require("models/tiny/tiny-bert");
        using var written = new TemporaryFolder();
        ModelExport.SavePeft(MadeUp(folder, new AdapterConfig { Rank = 2, Alpha = 6, TargetModules = TargetModules.QueryValue }), written.Path);
        AddBiasesOfB(written.Path);
        ModelContents read = Read(written.Path, folder);

        const string Query = "bert.encoder.layer.0.attention.self.query";
        using WeightSource weights = BaseModelFiles.FromFolder(folder).OpenWeights();
        float[] own = weights.Find(Query + ".bias")!.ToArray();
        Assert.Equal([.. own.Select(bias => bias + (3 * 0.5f))], read.Adapter[Query + ".bias"].Values);
        Assert.Null(read.Adapter.Find(Query + ".lora_B.bias"));
        using ManagedScorer scorer = Scorer(read);
        Assert.All(Score(scorer, new EncodedExample { Ids = [2, 40, 3] }), logit => Assert.True(float.IsFinite(logit)));
    }

    // What PEFT wrote before safetensors.
    [SkippableTheory]
    [InlineData("tiny-bert-qv")]
    [InlineData("tiny-bert-dora")]
    public void PickledAdaptersAreTakenIn(string name)
    {
        string folder = Shared.Require($"models/tiny/peft/{name}/adapter");
        using var copy = new TemporaryFolder();
        File.Copy(Path.Combine(folder, "adapter_config.json"), copy.PathOf("adapter_config.json"));
        using (var tensors = SafetensorsFile.Open(Path.Combine(folder, "adapter_model.safetensors")))
        {
            File.WriteAllBytes(copy.PathOf("adapter_model.bin"), TorchFile.StateDict([.. tensors.Names.Select(key =>
                (key, tensors.Find(key)!.Shape.ToArray().Select(size => (int)size).ToArray(), tensors.Find(key)!.ToArray()))]));
        }

        ModelContents pickled = Read(copy.Path, Shared.Require("models/tiny/tiny-bert"));
        ModelContents safe = Read(folder, Shared.Require("models/tiny/tiny-bert"));
        Assert.Equal(safe.Adapter.Names, pickled.Adapter.Names);
        Assert.All(safe.Adapter.Names, key => Assert.Equal(safe.Adapter[key].Values, pickled.Adapter[key].Values));
    }

    [SkippableFact]
    public void AnAdapterOfAnotherBaseIsRefusedWithEveryTensor()
    {
        string folder = Shared.Require("models/tiny/peft/tiny-bert-qv/adapter");
        string other = Shared.Require("models/tiny/tiny-roberta");

        string message = Assert.Throws<InvalidDataException>(() => Read(folder, other)).Message;

        Assert.Contains(other, message, StringComparison.Ordinal);
    }

    private static ModelContents Import(Trajectory trajectory, string? folder = null) =>
        Read(folder ?? Shared.Require($"models/tiny/peft/{trajectory.Name}/adapter"), Shared.Require(trajectory.Model));

    private static ModelContents Read(string folder, string baseFolder) => new AdapterImport
    {
        Folder = folder,
        Columns = new ColumnNames("Text", null, "Label", "Score", "PredictedLabel"),
        Base = new BaseOrigin(BaseKind.Folder, baseFolder, null),
    }.Read();

    private static ModelContents MadeUp(string folder, AdapterConfig config)
    {
        ModelContents model = Read(Shared.Require($"models/tiny/peft/{Path.GetFileName(folder)}-qv/adapter"), folder);
        using var session = new ManagedSession(new SessionSpec { Base = model.BaseFiles, Adapter = config, Head = model.Head, Threads = 1 });
        AdapterState state = session.Export();
        foreach (string name in state.Names.Where(name => name.EndsWith("lora_B.weight", StringComparison.Ordinal)))
        {
            new RandomStream(1, name).FillNormal(state[name].Values, 0.1);
        }

        return model with { Adapter = state, AdapterConfig = config };
    }

    private static void AddBiasesOfB(string folder)
    {
        string path = Path.Combine(folder, "adapter_model.safetensors");
        using (var memory = new MemoryStream())
        {
            using (SafetensorsFile tensors = SafetensorsFile.Open(MappedMemory.FromArray(File.ReadAllBytes(path)), path))
            {
                IEnumerable<TensorToWrite> biases = tensors.Names.Where(name => name.EndsWith("lora_B.weight", StringComparison.Ordinal))
                    .Select(name => TensorToWrite.Floats(
                        name.Replace(".weight", ".bias", StringComparison.Ordinal), [32], Enumerable.Repeat(0.5f, 32).ToArray()));
                SafetensorsWriter.Write(memory, [.. tensors.Names.Select(name => TensorToWrite.Copy(tensors.Find(name)!)), .. biases]);
            }

            File.WriteAllBytes(path, memory.ToArray());
        }

        string config = Path.Combine(folder, "adapter_config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("{\n", "{\n  \"lora_bias\": true,\n", StringComparison.Ordinal));
    }

    private static ManagedScorer Scorer(ModelContents model) =>
        new(model.BaseFiles, model.Adapter, model.AdapterConfig, model.Head, threads: 1);

    private static float[] Score(ManagedScorer scorer, EncodedExample example)
    {
        var logits = new float[scorer.Outputs];
        scorer.Score(Batch(example), logits);
        return logits;
    }

    private static PackedBatch Batch(EncodedExample example)
    {
        var batch = new PackedBatch();
        batch.Fill([example], [0]);
        return batch;
    }

    private static void AssertSameTensors(string expectedPath, string writtenPath)
    {
        using var expected = SafetensorsFile.Open(expectedPath);
        using var written = SafetensorsFile.Open(writtenPath);
        // With bias "all" PEFT writes the head's bias three times, one of them from before the training.
        IEnumerable<string> names = expected.Names.Where(name => !name.Contains("modules_to_save") && !name.Contains("original_module"));
        Assert.Equal(names.Order(StringComparer.Ordinal), written.Names.Order(StringComparer.Ordinal));
        Assert.All(names, name => Assert.Equal(
            expected.Find(name)!.ToArray().Select(BitConverter.SingleToInt32Bits),
            written.Find(name)!.ToArray().Select(BitConverter.SingleToInt32Bits)));
    }
}
