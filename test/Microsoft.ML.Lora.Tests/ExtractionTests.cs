using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>Adapters made of the difference of two checkpoints: exact where it is of low rank, with the error where it is not.</summary>
public sealed class ExtractionTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly string _scratch = Directory.CreateTempSubdirectory("extraction-").FullName;

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Fact]
    public void The_updates_that_were_merged_come_back()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.Rank = 4;
        using LoraTransformer model = Toy.Train(_context, options);
        string merged = Path.Combine(_scratch, "merged");
        model.Model.SaveMerged(merged);
        LoraBaseModel before = LoraBaseModel.FromFolder(TinyBase.Folder), after = LoraBaseModel.FromFolder(merged);

        LoraExtraction four = LoraExtraction.Between(before, after, rank: 4);
        Dictionary<string, LoraLayerAnalysis> trained = model.Model.Analyze().Layers.ToDictionary(layer => layer.Name);
        Assert.InRange(four.Error, 0, 1e-4);
        Assert.Equal(0, four.NormLeftOut);
        Assert.Equal(trained.Keys.Order(StringComparer.Ordinal), four.Layers.Select(layer => layer.Name).Order(StringComparer.Ordinal));
        Assert.All(four.Layers, layer =>
        {
            Assert.All(layer.SingularValues.Zip(trained[layer.Name].SingularValues), pair =>
                Assert.Equal(pair.Second, pair.First, 1e-3 * layer.Norm));
            Assert.Equal(Math.Sqrt(1 - trained[layer.Name].EnergyKept(2)), layer.ErrorAt(2), 1e-3);
            Assert.Equal(1, layer.ErrorAt(0));
        });
        LoraExtraction one = LoraExtraction.Between(before, after, rank: 1);
        Assert.Equal(Math.Sqrt(1 - model.Model.Analyze().EnergyKept(1)), one.Error, 1e-3);
        Assert.Contains("error at 4", four.ToString());

        string folder = Path.Combine(_scratch, "adapter");
        four.SavePeft(folder);
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Two_checkpoints_that_are_one_have_no_difference()
    {
        LoraBaseModel model = LoraBaseModel.FromFolder(TinyBase.Folder);
        LoraExtraction none = LoraExtraction.Between(model, model, rank: 2);
        Assert.Equal((0, 0), (none.Error, none.NormLeftOut));
        Assert.All(none.Layers, layer => Assert.Equal((0, 0), (layer.Norm, layer.Error)));
    }

    [Theory]
    [InlineData(LoraPooling.FamilyHead)]
    [InlineData(LoraPooling.Mean)]
    public void A_model_trained_in_full_becomes_one_with_updates(LoraPooling pooling)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.FineTuning = LoraFineTuning.Full;
        options.LearningRate = 1e-3f;
        options.Pooling = pooling;
        IDataView data = Toy.View(_context);
        using LoraTransformer full = Toy.Train(_context, options);
        float[] scores = Toy.Scores(full.Transform(data));
        using LoraTransformer whole = full.ToLowRank(TinyBase.HiddenSize), thin = full.ToLowRank(1);
        Assert.Equal(LoraFineTuning.Lora, whole.Model.FineTuning);
        Assert.True(Distance(whole) < 0.05, $"{Distance(whole)} at full rank");
        Assert.True(Distance(whole) < Distance(thin), $"{Distance(whole)} at full rank, {Distance(thin)} at rank 1");
        Assert.All(thin.Model.AdaptedLayers, layer => Assert.Equal(1, layer.Rank));

        string zip = Path.Combine(_scratch, "model.zip");
        _context.Model.Save(thin, data.Schema, zip);
        using var loaded = (LoraTransformer)_context.Model.Load(zip, out _);
        Assert.Equal(Toy.Scores(thin.Transform(data)), Toy.Scores(loaded.Transform(data)));
        Assert.Throws<InvalidOperationException>(() => thin.ToLowRank(1));

        double Distance(LoraTransformer other) =>
            Toy.Scores(other.Transform(data)).Zip(scores, (x, y) => Math.Abs(x - y)).Average();
    }
}
