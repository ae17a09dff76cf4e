namespace Microsoft.ML.Lora.Build;

/// <summary>Where things lie in the working tree.</summary>
internal sealed record Repository(string Root)
{
    private const string SolutionName = "Lora.ML.sln";

    public string Solution => Path.Combine(Root, SolutionName);

    public static Repository Find()
    {
        for (string? folder = AppContext.BaseDirectory; folder != null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, SolutionName)))
            {
                return new Repository(folder);
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} has {SolutionName}.");
    }

    public string PathOf(string relative) => Path.GetFullPath(Path.Combine(Root, relative));
}
