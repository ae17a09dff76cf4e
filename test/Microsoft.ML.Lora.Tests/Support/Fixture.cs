namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>The files under Fixtures, which lie beside the tests' assembly.</summary>
internal static class Fixture
{
    /// <summary>The full path of a file given relative to the folder Fixtures.</summary>
    public static string Path(string relativePath) =>
        System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", relativePath);
}
