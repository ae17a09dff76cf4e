namespace Microsoft.ML.Lora.Build;

/// <summary><c>test</c>: builds the solution, runs every test project and ends with the counts.</summary>
internal static class TestVerb
{
    private const string StandInTests = "Microsoft.ML.StandIn.Tests";

    public static int Run(Dotnet dotnet)
    {
        if (!dotnet.Build(dotnet.Repository.Solution))
        {
            return 1;
        }

        TestCounts total = default;
        foreach (string project in Projects(dotnet))
        {
            total += RunProject(dotnet, project);
        }

        Console.WriteLine();
        Console.WriteLine(total);
        return total is { Passed: > 0, Failed: 0 } ? 0 : 1;
    }

    // The stand-in's own tests say nothing about a build that does not use it.
    private static IEnumerable<string> Projects(Dotnet dotnet)
    {
        string product = dotnet.Repository.PathOf("src/Microsoft.ML.Lora/Microsoft.ML.Lora.csproj");
        bool usesStandIn = dotnet.Property(product, "MLNetSource") == "standin";
        return Directory.EnumerateFiles(dotnet.Repository.PathOf("test"), "*.Tests.csproj", SearchOption.AllDirectories)
            .Where(path => usesStandIn || Path.GetFileNameWithoutExtension(path) != StandInTests)
            .Order(StringComparer.Ordinal);
    }

    private static TestCounts RunProject(Dotnet dotnet, string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        string folder = dotnet.Repository.PathOf("artifacts/test-results");
        string results = Path.Combine(folder, name + ".trx");
        Directory.CreateDirectory(folder);
        File.Delete(results);
        Console.WriteLine($"{name} ...");
        (int exitCode, string[] lines) = dotnet.Capture([
            "test", project, "--no-build", "--nologo",
            "--logger", $"trx;LogFileName={results}", .. dotnet.Arguments.All]);
        TestCounts counts = File.Exists(results) ? TestResults.Report(results) : default;
        if (exitCode != 0 && counts.Failed == 0)
        {
            Console.WriteLine(string.Join('\n', lines.TakeLast(40)));
            Console.WriteLine($"  {name} ended with exit code {exitCode} without a failed test: counted as one failure.");
            counts += new TestCounts(0, 1, 0);
        }

        Console.WriteLine($"  {counts}");
        return counts;
    }
}
