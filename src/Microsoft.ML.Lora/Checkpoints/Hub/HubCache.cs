namespace Microsoft.ML.Lora.Checkpoints.Hub;

/// <summary>
/// One model's folder in the hub's own cache: <c>blobs</c> with the contents by their hashes, <c>snapshots</c> with a
/// folder of links for each revision, <c>refs</c> with what branches point to. Python's tools find the files there.
/// </summary>
internal sealed class HubCache
{
    private const int CommitLength = 40;

    private readonly string _folder;
    private readonly string _locks;

    /// <summary>Names a model's folder.</summary>
    public HubCache(string cacheFolder, string repository)
    {
        var name = "models--" + repository.Replace("/", "--", StringComparison.Ordinal);
        _folder = Path.Combine(cacheFolder, name);
        _locks = Path.Combine(cacheFolder, ".locks", name);
    }

    /// <summary>Whether a revision is a commit rather than a branch or tag.</summary>
    public static bool IsCommit(string revision) =>
        revision.Length == CommitLength && revision.All(char.IsAsciiHexDigitLower);

    /// <summary>The commit a revision pointed to when it was last fetched; null when it never was.</summary>
    public string? Resolve(string revision)
    {
        if (IsCommit(revision))
        {
            return revision;
        }

        var path = RefPath(revision);
        var commit = File.Exists(path) ? File.ReadAllText(path).Trim() : string.Empty;
        return IsCommit(commit) ? commit : null;
    }

    /// <summary>Remembers the commit that a revision points to.</summary>
    public void Remember(string revision, string commit)
    {
        if (!IsCommit(revision) && Resolve(revision) != commit)
        {
            AtomicFile.WriteBytes(RefPath(revision), System.Text.Encoding.ASCII.GetBytes(commit));
        }
    }

    /// <summary>The folder of a commit's files.</summary>
    public string SnapshotFolder(string commit) => Path.Combine(_folder, "snapshots", commit);

    /// <summary>Where a commit's file is seen.</summary>
    public string SnapshotPath(string commit, string file) =>
        Path.Combine(SnapshotFolder(commit), Path.Combine(file.Split('/')));

    /// <summary>Where a content is kept.</summary>
    public string BlobPath(string etag) => Path.Combine(_folder, "blobs", etag);

    /// <summary>Where a content is gathered until it is complete.</summary>
    public string IncompletePath(string etag) => BlobPath(etag) + ".incomplete";

    /// <summary>The file that is locked while a content is gathered.</summary>
    public string LockPath(string etag) => Path.Combine(_locks, etag + ".lock");

    /// <summary>Shows a content as a commit's file: by a relative link, or a copy where there are no links.</summary>
    public void Link(string commit, string file, string etag)
    {
        var path = SnapshotPath(commit, file);
        if (File.Exists(path))
        {
            return;
        }

        var blob = BlobPath(etag);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            // A link whose content was deleted is in the way.
            File.Delete(path);
            File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, blob));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Python's library takes no lock for links.
            if (File.Exists(path))
            {
                return;
            }

            AtomicFile.Write(path, stream =>
            {
                using var source = File.OpenRead(blob);
                source.CopyTo(stream);
            });
        }
    }

    private string RefPath(string revision) => Path.Combine(_folder, "refs", Path.Combine(revision.Split('/')));
}
