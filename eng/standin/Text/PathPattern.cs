namespace Microsoft.ML.Data;

/// <summary>
/// Finds the files that a path means: parts joined by '+', '*' and '?' in the file name, a last or next to last
/// directory '...' for everything below.
/// </summary>
internal static class PathPattern
{
    private const string Below = "...";

    /// <summary>The files, in the order of the parts and sorted within each; none when nothing matches.</summary>
    public static string[] Expand(string path)
    {
        var found = new List<string>();
        var seen = new HashSet<string>();
        foreach (string part in path.Split('+', StringSplitOptions.RemoveEmptyEntries))
        {
            found.AddRange(ExpandPart(part).Where(seen.Add));
        }

        return [.. found];
    }

    private static IEnumerable<string> ExpandPart(string part)
    {
        if (File.Exists(part))
        {
            return [part];
        }

        string name = Path.GetFileName(part);
        string directory = Path.GetDirectoryName(part) ?? "";
        SearchOption depth = SearchOption.TopDirectoryOnly;
        if (name == Below)
        {
            name = "*";
            depth = SearchOption.AllDirectories;
        }
        else if (Path.GetFileName(directory) == Below)
        {
            directory = Path.GetDirectoryName(directory) ?? "";
            depth = SearchOption.AllDirectories;
        }
        else if (!name.AsSpan().ContainsAny('*', '?'))
        {
            return [];
        }

        return Files(directory, name, depth);
    }

    private static IEnumerable<string> Files(string directory, string name, SearchOption depth)
    {
        string root = directory.Length == 0 ? "." : directory;
        if (!Directory.Exists(root))
        {
            return [];
        }

        return Directory.GetFiles(root, name, depth)
            .Select(file => directory.Length == 0 ? Path.GetRelativePath(root, file) : file)
            .Order(StringComparer.Ordinal);
    }
}
