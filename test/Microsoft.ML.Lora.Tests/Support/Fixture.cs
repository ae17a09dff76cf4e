namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>The files under Fixtures, in the repository that the tests were built in.</summary>
internal static class Fixture
{
    /// <summary>The full path of a file given relative to the folder Fixtures.</summary>
    public static string Path(string relativePath)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = System.IO.Path.Combine(folder.FullName, "test", "Microsoft.ML.Lora.Tests", "Fixtures", relativePath);
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new FileNotFoundException($"There is no fixture '{relativePath}'.");
    }
}
