namespace Microsoft.ML.Lora.Persistence;

/// <summary>
/// Writes files together into a folder: all of them beside it first, then each into its place, so that a failure while
/// writing leaves the folder as it was.
/// </summary>
internal static class ExportFolder
{
    /// <summary>Writes the files; in a folder that exists, files of their names are replaced and others stay.</summary>
    /// <param name="folder">The folder; made when it is not there.</param>
    /// <param name="notBeside">Files that the folder must not have, with what one of them means.</param>
    /// <param name="leftovers">Files of an earlier export, which go unless they are written anew.</param>
    /// <param name="write">Writes: given a name and an action, makes a file of that name.</param>
    /// <exception cref="IOException">The folder is a file or has one of <paramref name="notBeside"/>, or writing fails.</exception>
    public static void Write(string folder, IReadOnlyDictionary<string, string> notBeside,
        IReadOnlyCollection<string> leftovers, Action<Action<string, Action<Stream>>> write)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        Check(target, notBeside);
        string staging = $"{target}.{Guid.NewGuid():N}.tmp";
        Directory.CreateDirectory(staging);
        try
        {
            var written = new List<string>();
            write((name, content) =>
            {
                WriteFile(Path.Combine(staging, name), content);
                written.Add(name);
            });
            if (!Directory.Exists(target))
            {
                Directory.Move(staging, target);
                return;
            }
            foreach (string name in written)
            {
                File.Move(Path.Combine(staging, name), Path.Combine(target, name), overwrite: true);
            }
            foreach (string name in leftovers.Except(written))
            {
                File.Delete(Path.Combine(target, name));
            }
        }
        finally
        {
            if (Directory.Exists(staging))
            {
                Directory.Delete(staging, recursive: true);
            }
        }
    }

    private static void Check(string target, IReadOnlyDictionary<string, string> notBeside)
    {
        if (File.Exists(target))
        {
            throw new IOException($"'{target}' is a file; name a folder to write to.");
        }
        foreach ((string name, string meaning) in notBeside)
        {
            if (File.Exists(Path.Combine(target, name)))
            {
                throw new IOException(
                    $"The folder '{target}' has a file {name}, so it holds {meaning}: Python would take both for one model. " +
                    "Name another folder, or empty this one.");
            }
        }
    }

    private static void WriteFile(string path, Action<Stream> content)
    {
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        content(stream);
        stream.Flush(flushToDisk: true);
    }
}
