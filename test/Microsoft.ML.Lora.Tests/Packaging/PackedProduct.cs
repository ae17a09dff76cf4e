using System.Diagnostics;
using System.IO.Compression;
using Microsoft.ML.Lora.Tests.Support;

namespace Microsoft.ML.Lora.Tests.Packaging;

/// <summary>
/// The product's packages and a project that uses them, in a temporary folder outside the repository. The packages are as they would
/// be published where the ML.NET packages restore, else for a local trial.
/// </summary>
public sealed class PackedProduct : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lora-consumer-").FullName;
    private readonly string[] _properties;
    private readonly string _mlNetFolder;
    private readonly bool _published;

    /// <summary>Packs what these tests were built with.</summary>
    public PackedProduct()
        : this(overStandIn: false)
    {
    }

    private PackedProduct(bool overStandIn)
    {
        string artifacts = PathOf("artifacts");
        _published = BuildFacts.UsesPackages && !overStandIn;
        _mlNetFolder = overStandIn ? Path.Combine(artifacts, "bin/Microsoft.ML.StandIn/release")
            : _published ? "" : AppContext.BaseDirectory;
        _properties = overStandIn
            ? ["-p:MLNetSource=standin", $"-p:ArtifactsPath={artifacts}"]
            : ["--no-build", .. BuildFacts.Properties];
        Pack("Microsoft.ML.Lora", !_published);
        Pack("Microsoft.ML.Lora.MiniLM", !_published);
    }

    /// <summary>Builds the product over the stand-in, apart from what these tests were built with, and packs that.</summary>
    public static PackedProduct OverStandIn() => new(overStandIn: true);

    public string PathOf(string name) => Path.Combine(_folder, name);

    public string Package(string id, string extension) =>
        Directory.GetFiles(PackageFolder(!_published), $"{id}.?.*.{extension}").Single();

    public string Manifest(string id) => ManifestOf(Package(id, "nupkg"));

    public static string ManifestOf(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        ZipArchiveEntry manifest = archive.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal));
        using StreamReader reader = new(manifest.Open());
        return reader.ReadToEnd();
    }

    /// <summary>Packs one project and gives the package's path.</summary>
    public string Pack(string project, bool localTrial)
    {
        Dotnet([
            "pack", BuildFacts.PathOf($"src/{project}/{project}.csproj"), "--nologo", "-o", PackageFolder(localTrial),
            $"-p:LocalTrial={localTrial}", .. _properties]);
        return Directory.GetFiles(PackageFolder(localTrial), $"{project}.?.*.nupkg").Single();
    }

    /// <summary>Copies the consumer project here, builds it over the packages and gives the path of its program.</summary>
    public string BuildConsumer()
    {
        string program = PathOf("app/Consumer.dll");
        if (File.Exists(program))
        {
            return program;
        }

        string project = Directory.CreateDirectory(PathOf("Consumer")).FullName;
        foreach (string file in Directory.EnumerateFiles(BuildFacts.PathOf("test/Microsoft.ML.Lora.Tests/Packaging/Consumer")))
        {
            File.Copy(file, Path.Combine(project, Path.GetFileName(file)));
        }

        string version = Path.GetFileNameWithoutExtension(Package("Microsoft.ML.Lora", "nupkg"))["Microsoft.ML.Lora.".Length..];
        Dotnet([
            "build", project, "-o", PathOf("app"), "--nologo", "-v:q", "-clp:NoSummary",
            $"-p:PackageFolder={PackageFolder(!_published)}", $"-p:LoraVersion={version}", $"-p:MLNetFolder={_mlNetFolder}"]);
        return program;
    }

    /// <summary>Runs <c>dotnet</c> and gives what it printed.</summary>
    /// <exception cref="InvalidOperationException">The command failed; the message holds its output.</exception>
    public string Dotnet(string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments) { RedirectStandardOutput = true, WorkingDirectory = _folder };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} failed:\n{output}");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string PackageFolder(bool localTrial) => PathOf(localTrial ? "trial" : "release");
}
