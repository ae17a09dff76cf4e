using System.Reflection;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>How these tests were built: where the repository lies, and which ML.NET it was built over.</summary>
internal static class BuildFacts
{
    private static readonly Dictionary<string, string?> _facts = typeof(BuildFacts).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().ToDictionary(fact => fact.Key, fact => fact.Value);

    /// <summary>Whether ML.NET is the stand-in of eng/standin.</summary>
    public static bool UsesStandIn => _facts["MLNetSource"] == "standin";

    /// <summary>Whether ML.NET comes from its packages.</summary>
    public static bool UsesPackages => _facts["MLNetSource"] == "package";

    /// <summary>The build properties that lead a further command to the same outputs.</summary>
    public static string[] Properties =>
    [
        $"-p:Configuration={_facts["Configuration"]}",
        _facts["MLNetAssemblies"] is { Length: > 0 } folder
            ? $"-p:MLNetAssemblies={folder}"
            : $"-p:MLNetSource={_facts["MLNetSource"]}",
    ];

    /// <summary>The full path of a file or folder given relative to the repository's root.</summary>
    public static string PathOf(string relativePath)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Lora.ML.sln")))
            {
                return Path.Combine(folder.FullName, relativePath);
            }
        }

        throw new DirectoryNotFoundException("These tests do not lie under the repository.");
    }
}
