namespace Microsoft.ML.Lora.Build;

/// <summary><c>pack</c>: makes the NuGet packages and lists them.</summary>
internal static class PackVerb
{
    private static readonly string[] _projects =
    [
        "src/Microsoft.ML.Lora/Microsoft.ML.Lora.csproj",
        "src/Microsoft.ML.Lora.MiniLM/Microsoft.ML.Lora.MiniLM.csproj",
    ];

    public static int Run(Dotnet dotnet)
    {
        string output = dotnet.Repository.PathOf("artifacts/packages");
        foreach (string project in _projects)
        {
            // Paths of this machine stay out of the symbols.
            int exitCode = dotnet.Run([
                "pack", dotnet.Repository.PathOf(project), "--nologo", "-o", output,
                "-p:ContinuousIntegrationBuild=true", .. dotnet.Arguments.All,
            ]);
            if (exitCode != 0)
            {
                return exitCode;
            }
        }

        foreach (string package in Directory.EnumerateFiles(output, "*.*nupkg").Order(StringComparer.Ordinal))
        {
            Console.WriteLine($"{package}  {new FileInfo(package).Length / 1024.0:N0} KB");
        }

        return 0;
    }
}
