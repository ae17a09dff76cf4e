using System.IO.Compression;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>The embedded base model through the simplest call: fitted, saved without its weights, loaded.</summary>
public sealed class EmbeddedBaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("embedded-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_simplest_call_trains_the_embedded_base_and_saves_what_was_trained_alone()
    {
        var context = new MLContext(seed: 1);
        IDataView data = Toy.View(context, 24);
        string zip = Path.Combine(_folder, "model.zip");
        using LoraTransformer model = context.MulticlassClassification.Trainers.Lora(epochs: 1).Fit(data);
        float[] scores = Toy.Scores(model.Transform(data));
        context.Model.Save(model, data.Schema, zip);
        using var loaded = (LoraTransformer)context.Model.Load(zip, out _);

        Assert.Equal("Microsoft.ML.Lora.MiniLM", model.Model.BaseModelId);
        Assert.Equal(36, model.Model.AdaptedLayers.Count);
        // 6 layers of 6 adapters: rank 8 times inputs and outputs; a head of 3 classes over 384.
        Assert.Equal((6 * 8 * ((4 * (384 + 384)) + (2 * (384 + 1536)))) + (3 * 385), model.Model.TrainableParameters);
        Assert.Equal(128, model.Model.MaxTokens);
        Assert.Equal(scores, Toy.Scores(loaded.Transform(data)));
        using ZipArchive archive = ZipFile.OpenRead(zip);
        Assert.DoesNotContain(archive.Entries, entry => entry.Name == "model.safetensors");
        Assert.True(new FileInfo(zip).Length < 3 << 20, "what was trained fits in 3 MB");
    }
}
