using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Tokenization;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Adapters;

public class MergedModelWriterTests
{
    private static readonly MergedModelFacts _facts = new("BertForSequenceClassification", ["a", "b", "ü"], "single_label_classification");

    [SkippableTheory]
    [InlineData("tiny-bert-all-linear", 2e-7f)]
    [InlineData("tiny-bert-dora", 1e-6f)]
    public void MergedTensorsAreThoseOfPeft(string name, float tolerance)
    {
        var files = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert"));
        var adapter = PeftAdapterReader.Read(Shared.Require($"models/tiny/peft/{name}/adapter"), "bert.");
        using var folder = new TemporaryFolder();

        MergedModelWriter.Write(files, adapter, "bert.", _facts, (name, write) => AtomicFile.Write(folder.PathOf(name), write));

        using var expected = SafetensorsFile.Open(Shared.Require($"models/tiny/peft/{name}/merged/model.safetensors"));
        using var written = BaseModelFiles.FromFolder(folder.Path).OpenWeights();
        Assert.Equal(expected.Names.Order(), written.Names.Order());
        foreach (var tensor in expected.Names)
        {
            var (a, b) = (expected.Find(tensor)!.ToArray(), written.Find(tensor)!.ToArray());
            Assert.All(a.Zip(b), pair => Assert.InRange(pair.Second, pair.First - tolerance, pair.First + tolerance));
        }
    }

    [SkippableFact]
    public void FolderIsAModel()
    {
        var files = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert-mlm-names"));
        var adapter = PeftAdapterReader.Read(Shared.Require("models/tiny/peft/tiny-bert-qv/adapter"), "bert.");
        using var folder = new TemporaryFolder();

        MergedModelWriter.Write(files, adapter, "bert.", _facts, (name, write) => AtomicFile.Write(folder.PathOf(name), write));

        var merged = BaseModelFiles.FromFolder(folder.Path);
        var config = merged.ReadConfig();
        Assert.Equal(["BertForSequenceClassification"], config.TryGetStrings("architectures"));
        Assert.Equal("ü", config.GetStringMap("id2label")["2"]);
        Assert.Equal(2, config.GetObject("label2id")!.GetInt("ü"));
        Assert.Equal("float32", config.GetString("dtype"));
        Assert.Equal(
            TextEncoder.Load(files).Encode("Crème brûlée", null, 64).Ids,
            TextEncoder.Load(merged).Encode("Crème brûlée", null, 64).Ids);
        using var weights = merged.OpenWeights();
        Assert.DoesNotContain(weights.Names, name => name.StartsWith("cls.", StringComparison.Ordinal));
        Assert.Contains("bert.embeddings.LayerNorm.weight", weights.Names);
        Assert.DoesNotContain(Directory.GetFiles(folder.Path), path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void EncoderAloneHasNoPrefixAndNoHead()
    {
        using var weights = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert")).OpenWeights();
        var adapter = PeftAdapterReader.Read(Shared.Require("models/tiny/peft/tiny-bert-qv/adapter"), "bert.");

        var tensors = MergedModelWriter.Merge(weights, adapter with { Task = PeftTask.FeatureExtraction }, "bert.");

        Assert.Contains("encoder.layer.0.attention.self.query.weight", tensors.Select(tensor => tensor.Name));
        Assert.DoesNotContain(tensors, tensor => tensor.Name.Contains("classifier", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void UpdatesOfLayersThatTheBaseLacksAreRefused()
    {
        using var weights = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert")).OpenWeights();
        var adapter = PeftAdapterReader.Read(Shared.Require("models/peft-minilm-trec6"), "bert.");

        Assert.Throws<InvalidDataException>(() => MergedModelWriter.Merge(weights, adapter, "bert."));
    }
}
