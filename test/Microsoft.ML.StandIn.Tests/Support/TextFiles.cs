namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>Text files in a temporary folder.</summary>
internal sealed class TextFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("standin-text-").FullName;

    public string PathOf(string name) => Path.Combine(_folder, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
