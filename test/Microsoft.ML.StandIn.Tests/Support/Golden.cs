using System.Text.Json;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>The recorded behaviour of the library under ../shared/golden; not everywhere.</summary>
internal static class Golden
{
    private static readonly string? _root = FindRoot();

    /// <summary>The full path of a golden file or folder; without it the running test is reported as skipped.</summary>
    public static string Require(string relativePath)
    {
        Skip.If(_root is null, "../shared/golden is not on this machine");
        return Path.Combine(_root, relativePath);
    }

    /// <summary>The content of a golden JSON file.</summary>
    public static JsonElement Read(string relativePath)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Require(relativePath)));
        return document.RootElement.Clone();
    }

    private static string? FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Lora.ML.sln")))
            {
                var golden = Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "golden"));
                return Directory.Exists(golden) ? golden : null;
            }
        }

        return null;
    }
}
