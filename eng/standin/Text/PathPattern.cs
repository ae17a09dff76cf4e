namespace Microsoft.ML.Data;

/// <summary>
/// Finds the files that a path means: parts joined by '+', '*' and '?' in the file name, a last or next to last
/// directory '...' for everything below.
/// </summary>
internal static class PathPattern
{
    private const string Below = "...";

    /// <summary>
    /// The files, in the order of the parts, each once whatever the case of its letters; none when nothing matches.
    /// </summary>
    public static string[] Expand(string path)
    {
        var found = new List<string>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
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
        bool below = name == Below;
        if (below)
        {
            name = "*";
        }
        else if (Path.GetFileName(directory) == Below)
        {
            directory = Path.GetDirectoryName(directory) ?? "";
            below = true;
        }
        else if (!name.AsSpan().ContainsAny('*', '?'))
        {
            return [];
        }

        string root = directory.Length == 0 ? "." : directory;
        return !Directory.Exists(root) ? []
            : Files(root, name, below).Select(file => directory.Length == 0 ? Path.GetRelativePath(root, file) : file);
    }

    // A directory's own files come before those of its directories.
    private static IEnumerable<string> Files(string directory, string name, bool below)
    {
        IEnumerable<string> files = Directory.GetFiles(directory, name).Order(StringComparer.Ordinal);
        return !below ? files : files.Concat(Directory.GetDirectories(directory)
            .Order(StringComparer.Ordinal)
            .SelectMany(child => Files(child, name, below)));
    }
}
