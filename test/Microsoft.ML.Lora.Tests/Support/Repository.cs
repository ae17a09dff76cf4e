namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>The repository's files, for tests that read the sources.</summary>
internal static class Repository
{
    /// <summary>The folder with Lora.ML.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The product's sources.</summary>
    public static string Product { get; } = Path.Combine(Root, "src", "Microsoft.ML.Lora");

    /// <summary>All C# files under a folder, build output left out; paths relative to it, with '/'.</summary>
    public static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
        .Where(file => !file.StartsWith("bin/", StringComparison.Ordinal) && !file.StartsWith("obj/", StringComparison.Ordinal)
            && !file.StartsWith('_'))
        .Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Lora.ML.sln")))
            {
                return folder.FullName;
            }
        }
        throw new DirectoryNotFoundException("The tests run outside the repository: Lora.ML.sln is in no parent folder.");
    }
}
