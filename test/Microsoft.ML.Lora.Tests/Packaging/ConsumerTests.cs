using System.IO.Compression;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Packaging;

/// <summary>Packs the product and uses the packages from a project outside the repository.</summary>
public sealed class ConsumerTests(PackedProduct packed) : IClassFixture<PackedProduct>
{
    [Fact]
    public void APackageHoldsWhatAUserNeeds()
    {
        using ZipArchive package = ZipFile.OpenRead(packed.Package("Microsoft.ML.Lora", "nupkg"));
        string[] names = [.. package.Entries.Select(entry => entry.FullName)];
        Assert.Contains("lib/net10.0/Microsoft.ML.Lora.dll", names);
        Assert.Contains("lib/net10.0/Microsoft.ML.Lora.xml", names);
        Assert.Contains("README.md", names);
        Assert.Contains("LICENSE", names);
        Assert.Contains("THIRD-PARTY-NOTICES.txt", names);
        Assert.DoesNotContain(names, name => name.Contains("StandIn", StringComparison.Ordinal));
        using ZipArchive symbols = ZipFile.OpenRead(packed.Package("Microsoft.ML.Lora", "snupkg"));
        Assert.Contains(symbols.Entries, entry => entry.FullName == "lib/net10.0/Microsoft.ML.Lora.pdb");
    }

    [Fact]
    public void ThePackagesNameTheirLicences()
    {
        Assert.Contains(">MIT</license>", packed.Manifest("Microsoft.ML.Lora"), StringComparison.Ordinal);
        Assert.Contains(">MIT AND Apache-2.0</license>", packed.Manifest("Microsoft.ML.Lora.MiniLM"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void APackageDependsOnTheRealMLNet()
    {
        Skip.If(BuildFacts.UsesStandIn, "made over the stand-in, the package is for a local trial and names no ML.NET");
        string manifest = PackedProduct.ManifestOf(packed.Pack("Microsoft.ML.Lora", localTrial: false));
        Assert.Contains("""<dependency id="Microsoft.ML" version="[5.0.0, 6.0.0)" """, manifest, StringComparison.Ordinal);
        Assert.Contains(
            """<dependency id="Microsoft.ML.Tokenizers" version="[2.0.0, 6.0.0)" """, manifest, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void TheStandInIsNotPackedUnlessForATrial()
    {
        Skip.IfNot(BuildFacts.UsesStandIn, "this build does not use the stand-in");
        var refusal = Assert.Throws<InvalidOperationException>(() => packed.Pack("Microsoft.ML.Lora", localTrial: false));
        Assert.Contains("LocalTrial=true", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AProjectElsewhereFitsSavesAndLoads()
    {
        string program = packed.BuildConsumer();
        string zip = packed.PathOf("model.zip");
        string fitted = packed.Dotnet([program, "fit", zip]);
        Assert.Contains("score ", fitted, StringComparison.Ordinal);
        Assert.Equal(fitted, packed.Dotnet([program, "load", zip]));
    }

    [SkippableFact]
    public void AModelGoesBetweenTheStandInAndMLNetUnchanged()
    {
        Skip.If(BuildFacts.UsesStandIn, "this build has the stand-in alone");
        using PackedProduct other = PackedProduct.OverStandIn();
        string overStandIn = other.BuildConsumer();
        string overMLNet = packed.BuildConsumer();
        foreach ((string saver, string loader) in new[] { (overStandIn, overMLNet), (overMLNet, overStandIn) })
        {
            string zip = packed.PathOf("exchanged.zip");
            string fitted = packed.Dotnet([saver, "fit", zip]);
            Assert.Contains("score ", fitted, StringComparison.Ordinal);
            Assert.Equal(fitted, packed.Dotnet([loader, "load", zip]));
        }
    }
}
