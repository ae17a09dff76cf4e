using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Checkpoints;

public class BaseModelFilesTests
{
    [Fact]
    public void EmbeddedBaseIsReadInPlace()
    {
        var files = BaseModelFiles.Embedded();
        using var weights = files.OpenWeights();

        var embedding = weights.Find("embeddings.word_embeddings.weight");

        Assert.NotNull(embedding);
        Assert.Equal(StorageType.F16, embedding.Type);
        Assert.True(embedding.HasShape(30522, 384));
        Assert.Equal(384, files.ReadConfig().GetInt("hidden_size"));
        Assert.True(files.ReadJson("1_Pooling/config.json").GetBool("pooling_mode_mean_tokens", false));
        Assert.False(files.Exists("../secret"));
        var row = new float[384];
        embedding.CopyTo(row, 384 * 101L);
        Assert.All(row, value => Assert.InRange(value, -2f, 2f));
        Assert.Contains(row, value => value != 0);
    }

    [SkippableFact]
    public void IdentityIsTheHashOfTheFile()
    {
        var folder = Shared.Require("models/all-MiniLM-L6-v2");

        Assert.Equal(BaseModelFiles.Embedded().Identity, BaseModelFiles.FromFolder(folder).Identity);
        Assert.Matches("^[0-9a-f]{64}$", BaseModelFiles.Embedded().Identity);
    }

    [SkippableFact]
    public void ShardsHoldTheTensorsOfTheWholeFile()
    {
        using var whole = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert")).OpenWeights();
        using var shards = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert-sharded")).OpenWeights();

        Assert.Equal(whole.Names.Order(), shards.Names.Order());
        Assert.All(whole.Names, name => Assert.Equal(whole.Find(name)!.ToArray(), shards.Find(name)!.ToArray()));
    }

    [SkippableFact]
    public void PickledFileHoldsTheTensorsOfTheSafetensorsFile()
    {
        using var safe = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert")).OpenWeights();
        using var pickled = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert-bin")).OpenWeights();

        Assert.Equal(safe.Names.Order(), pickled.Names.Order());
        Assert.All(safe.Names, name => Assert.Equal(safe.Find(name)!.ToArray(), pickled.Find(name)!.ToArray()));
    }

    [SkippableTheory]
    [InlineData("f16", "F16", 1e-3)]
    [InlineData("bf16", "BF16", 8e-3)]
    public void HalfPrecisionIsWidened(string suffix, string type, double tolerance)
    {
        using var whole = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert")).OpenWeights();
        using var half = BaseModelFiles.FromFolder(Shared.Require("models/tiny/tiny-bert-" + suffix)).OpenWeights();

        foreach (var name in whole.Names)
        {
            var stored = half.Find(name)!;
            Assert.Equal(type, stored.Type.Name());
            Assert.All(
                whole.Find(name)!.ToArray().Zip(stored.ToArray()),
                pair => Assert.InRange(pair.Second, pair.First - Tolerance(pair.First), pair.First + Tolerance(pair.First)));
        }

        double Tolerance(float value) => 1e-6 + (tolerance * Math.Abs(value));
    }

    [Fact]
    public void AnAdapterIsNoBaseModel()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("adapter_config.json"), "{}");

        var error = Assert.Throws<FileNotFoundException>(() => BaseModelFiles.FromFolder(folder.Path).ReadConfig());

        Assert.Contains("LoraFromAdapter", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFolderSaysWhatABaseModelIs()
    {
        var error = Assert.Throws<DirectoryNotFoundException>(() => BaseModelFiles.FromFolder("/no/such/folder"));

        Assert.Contains("config.json", error.Message, StringComparison.Ordinal);
    }
}
