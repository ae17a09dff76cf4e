using System.Security.Cryptography;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>Writes the files of an archive and keeps the list of their lengths and hashes for the manifest.</summary>
/// <param name="save">Creates an entry of that name and lets the action write it.</param>
internal sealed class ArchiveWriter(Action<string, Action<Stream>> save)
{
    private readonly List<ManifestFile> _files = [];

    /// <summary>The files written so far.</summary>
    public IReadOnlyList<ManifestFile> Files => _files;

    /// <summary>Writes a file.</summary>
    public void Write(string name, Action<Stream> write) => save(name, stream =>
    {
        using var sha = SHA256.Create();
        var counted = new CountingStream(stream);
        using (var hashed = new CryptoStream(counted, sha, CryptoStreamMode.Write, leaveOpen: true))
        {
            write(hashed);
        }
        _files.Add(new ManifestFile(name, counted.Count, Convert.ToHexStringLower(sha.Hash!)));
    });

    /// <summary>Copies a file of the base model.</summary>
    public void Copy(BaseModelFiles files, string name) => Write(name, stream =>
    {
        using Stream source = files.Open(name);
        source.CopyTo(stream);
    });

    /// <summary>Writes the manifest itself, which is not in its own list.</summary>
    /// <returns>Its SHA-256.</returns>
    public string WriteManifest(string name, ModelManifest manifest)
    {
        byte[] bytes = manifest.ToBytes();
        save(name, stream => stream.Write(bytes));
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
