using System.Security.Cryptography;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>Reads the files of an archive, each checked against the length and hash that were written with it.</summary>
/// <param name="tryRead">Opens the entry of that name for the action; false when there is none.</param>
internal sealed class ArchiveReader(Func<string, Action<Stream>, bool> tryRead)
{
    private const int FirstRead = 1 << 20;
    private const long LargestManifest = 64 << 20;

    /// <summary>Reads the manifest, whose hash Model.key holds.</summary>
    /// <exception cref="InvalidDataException">It is missing, altered or from a later format.</exception>
    public ModelManifest ReadManifest(string name, string sha256) =>
        ModelManifest.Parse(Read(name, LargestManifest, null, sha256));

    /// <summary>Reads a file of the manifest's list.</summary>
    /// <exception cref="InvalidDataException">It is missing, cut or altered; the message names the entry.</exception>
    public byte[] Read(ManifestFile file) => Read(file.Name, file.Bytes, file.Bytes, file.Sha256);

    private byte[] Read(string name, long most, long? exact, string sha256)
    {
        byte[]? bytes = null;
        bool found;
        try
        {
            found = tryRead(name, stream => bytes = ReadAll(stream, most));
        }
        catch (Exception error) when (error is IOException or InvalidDataException or EndOfStreamException)
        {
            throw Damaged(name, $"cannot be read: {error.Message}", error);
        }
        if (!found || bytes is null)
        {
            throw Damaged(name, "is missing", null);
        }
        if (bytes.Length > most || (exact is not null && bytes.Length != exact))
        {
            throw Damaged(name, $"has {(bytes.Length > most ? "more than " : "")}" +
                $"{Math.Min(bytes.Length, most)} bytes, not the {exact ?? most} it was written with", null);
        }
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != sha256)
        {
            throw Damaged(name, "is not what was written: its SHA-256 differs", null);
        }
        return bytes;
    }

    private static InvalidDataException Damaged(string name, string what, Exception? inner) =>
        new($"The saved model is damaged: its entry {name} {what}.", inner);

    // The array grows with what is really there, so a false length cannot ask for memory; one byte over shows an excess.
    private static byte[] ReadAll(Stream stream, long most)
    {
        var bytes = new byte[Math.Min(most + 1, FirstRead)];
        int count = 0;
        int read;
        while ((read = stream.Read(bytes, count, bytes.Length - count)) > 0)
        {
            count += read;
            if (count > most)
            {
                break;
            }
            if (count == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(Math.Min(most + 1, 2L * count), Array.MaxLength));
            }
        }
        Array.Resize(ref bytes, count);
        return bytes;
    }
}
