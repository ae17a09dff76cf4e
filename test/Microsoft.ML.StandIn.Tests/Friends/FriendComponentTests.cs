using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Friends;

/// <summary>With what the stand-in keeps for friends, another assembly's component is saved and found again.</summary>
public sealed class FriendComponentTests
{
    [Fact]
    public void Component_OfAnotherAssembly_IsFoundOnLoad()
    {
        var saving = new MLContext(1);
        var data = saving.Data.LoadFromEnumerable(new[] { new Example { Text = "four" } });
        var model = saving.Transforms.CopyColumns("Copy", "Text").Fit(data)
            .Append(new LengthTransformer(saving, 2.5f, "Length", "Copy"));
        using var stream = new MemoryStream();
        saving.Model.Save(model, data.Schema, stream);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true))
        {
            Assert.Equal(["factor.bin", "note.txt", "Model.key"],
                zip.Entries.Where(entry => entry.FullName.Contains("Transform_001", StringComparison.Ordinal))
                    .Select(entry => entry.Name));
        }

        var loading = new MLContext();
        var loaded = loading.Model.Load(stream, out var schema);
        Assert.Equal(["Text"], schema.Select(column => column.Name));
        var component = Assert.IsType<LengthTransformer>(((IEnumerable<ITransformer>)loaded).Last());
        Assert.Equal("kept", component.Note);
        var engine = loading.Model.CreatePredictionEngine<Example, Prediction>(loaded);
        Assert.Equal(15f, engine.Predict(new Example { Text = "sixsix" }).Length);
        Assert.Equal([10f], loaded.Transform(data).GetColumn<float>("Length"));
    }

    [Fact]
    public void Settings_OfTheContext_ReachFriendsThroughHosts()
    {
        var context = new MLContext(7) { GpuDeviceId = 3, FallbackToCpu = true, TempFilePath = "/somewhere" };
        var environment = CatalogUtils.GetEnvironment(context.MulticlassClassification.Trainers);
        var host = (IHostEnvironmentInternal)environment.Register("Component");
        Assert.Equal((7, 3, true, "/somewhere"), (host.Seed, host.GpuDeviceId, host.FallbackToCpu, host.TempFilePath));
        host.CheckAlive();
        context.CancelExecution();
        Assert.Throws<OperationCanceledException>(() => host.CheckAlive());
    }

    [Fact]
    public void Hosts_DrawTheRecordedGenerators()
    {
        var context = (IHostEnvironment)new MLContext(5);
        var first = context.Register("A");
        var second = context.Register("A");
        var inner = first.Register("B");
        var seeded = context.Register("A", 5);
        Assert.Equal([1107192186, 143533643], new[] { first.Rand.Next(), first.Rand.Next() });
        Assert.Equal([1024210648, 1537023469], new[] { second.Rand.Next(), second.Rand.Next() });
        Assert.Equal([1970089004, 377598869], new[] { inner.Rand.Next(), inner.Rand.Next() });
        Assert.Equal([1773327147, 946606681], new[] { seeded.Rand.Next(), seeded.Rand.Next() });
    }

    private sealed class Example
    {
        public string? Text { get; set; }
    }

    private sealed class Prediction
    {
        public float Length { get; set; }
    }
}
