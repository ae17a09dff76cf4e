using Xunit;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>The folder ../shared beside the repository: models with expected outputs, data sets. Not everywhere.</summary>
internal static class Shared
{
    private static readonly string? _root = FindRoot();

    /// <summary>Whether a file or folder, given relative to the shared folder, is there.</summary>
    public static bool Exists(string relativePath) =>
        _root is not null && System.IO.Path.Exists(System.IO.Path.Combine(_root, relativePath));

    /// <summary>The full path of a file or folder given relative to the shared folder.</summary>
    public static string Path(string relativePath) =>
        System.IO.Path.Combine(_root ?? throw new DirectoryNotFoundException("No shared folder here."), relativePath);

    /// <summary>The same path, or the running test is reported as skipped where the file is not there.</summary>
    public static string Require(string relativePath)
    {
        Skip.IfNot(Exists(relativePath), $"../shared/{relativePath} is not on this machine");
        return Path(relativePath);
    }

    private static string? FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Lora.ML.sln")))
            {
                var shared = System.IO.Path.Combine(folder.FullName, "..", "shared");
                return Directory.Exists(shared) ? System.IO.Path.GetFullPath(shared) : null;
            }
        }

        return null;
    }
}
