using System.IO.Compression;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Models;

/// <summary>Models saved by the library load, say the same of themselves and are written back byte for byte.</summary>
public sealed class SavedModelTests(ITestOutputHelper output)
{
    // The components of these files are not among those that the stand-in has.
    private static readonly string[] _outOfScope =
    [
        "z12_normalize_defaults", "z13_normalize_01", "z13_normalize_02", "z13_normalize_04", "z13_normalize_06",
        "z13_normalize_08", "z13_normalize_10", "z13_normalize_12", "z24_concat", "z25_convert_type",
        "z30_multiclass_sdca", "z31_multiclass_nokey2value",
    ];

    [SkippableFact]
    public void SavedModels_LoadAndAreWrittenBackByteForByte()
    {
        var all = Directory.EnumerateFiles(Golden.Require("zips"), "*.zip").Order().ToArray();
        var tried = all.Where(path => !_outOfScope.Contains(Path.GetFileNameWithoutExtension(path))).ToArray();
        foreach (var path in tried)
        {
            Try(path);
        }

        output.WriteLine($"{tried.Length} of {all.Length} saved models compared; out of scope: " +
            string.Join(", ", _outOfScope));
        Assert.Equal(all.Length - _outOfScope.Length, tried.Length);
    }

    private static void Try(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var golden = Golden.Read($"zips/{name}.json");
        var load = golden.GetProperty("load");
        var context = new MLContext();
        if (!load.GetProperty("ok").GetBoolean())
        {
            ExceptionText.AssertThrows(name, load.GetProperty("exception"), () => context.Model.Load(path, out _));
            return;
        }

        var recorded = load.GetProperty("result");
        var model = context.Model.Load(path, out var schema);
        Assert.Equal(recorded.GetProperty("inputSchemaIsNull").GetBoolean(), schema is null);
        if (schema is not null)
        {
            SchemaText.AssertEqual(recorded.GetProperty("loadedInputSchema"), schema);
        }

        var data = new RecordedView(schema ?? RecordedSchema.Make(golden.GetProperty("inputSchema")),
            golden.GetProperty("inputRows"));
        SchemaText.AssertEqual(recorded.GetProperty("outputSchema"), model.GetOutputSchema(data.Schema));
        Rows.AssertEqual(recorded.GetProperty("outputRows"), model.Transform(data));

        Assert.Equal(recorded.GetProperty("isRowToRowMapper").GetBoolean(), model.IsRowToRowMapper);
        if (recorded.TryGetProperty("chain", out var chain))
        {
            Assert.Equal(chain.EnumerateArray().Select(member => member.GetString()),
                ((IEnumerable<ITransformer>)model).Select(member => TypeText.Print(member.GetType())));
        }

        Assert.Equal(recorded.GetProperty("transformerType").GetString(), TypeText.Print(model.GetType()));
        AssertWrittenBack(context, path);
    }

    private static void AssertWrittenBack(MLContext context, string path)
    {
        using var written = new MemoryStream();
        using (var original = ZipFile.OpenRead(path))
        {
            if (original.GetEntry("Model.key") is null)
            {
                var model = context.Model.Load(path, out var schema);
                context.Model.Save(model, schema, written);
            }
            else
            {
                var model = context.Model.LoadWithDataLoader(path, out var loader);
                var isEmpty = model is IEnumerable<ITransformer> chain && !chain.Any();
                context.Model.Save(isEmpty ? null : model, loader, written);
            }
        }

        using var expected = ZipFile.OpenRead(path);
        using var actual = new ZipArchive(written);
        Assert.Equal(expected.Entries.Select(entry => entry.FullName), actual.Entries.Select(entry => entry.FullName));
        foreach (var (left, right) in expected.Entries.Zip(actual.Entries))
        {
            Assert.True(Read(left).AsSpan().SequenceEqual(Read(right)), $"{path}: {left.FullName} differs");
        }
    }

    private static byte[] Read(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
