using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.Lora.Checkpoints.Hub;

/// <summary>What the hub says of a file: its content's hash and its size.</summary>
/// <param name="Name">The file's name in the repository.</param>
/// <param name="Etag">SHA-256 of a large file, git's SHA-1 of another: both also the content's name in the cache.</param>
/// <param name="Size">Its size in bytes.</param>
internal sealed record HubFile(string Name, string Etag, long Size)
{
    private const int Sha256Length = 64;
    private const int Sha1Length = 40;

    /// <summary>Reads the answer to a HEAD request.</summary>
    /// <exception cref="InvalidDataException">The server does not say what the hub says of a file.</exception>
    public static HubFile From(string name, HttpResponseMessage answer)
    {
        var etag = (Header(answer, "X-Linked-Etag") ?? Header(answer, "ETag"))?.Trim();
        etag = etag is null ? null : (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"');
        var length = Header(answer, "X-Linked-Size") ?? answer.Content.Headers.ContentLength?.ToString(CultureInfo.InvariantCulture);
        if (etag is null || !ModelPath.IsPlainName(etag) || !long.TryParse(length, CultureInfo.InvariantCulture, out var size) || size < 0)
        {
            throw new InvalidDataException(
                $"The server's answer about '{name}' has no usable ETag and size; it is not a Hugging Face hub (see HF_ENDPOINT), or a proxy changed the answer.");
        }

        return new HubFile(name, etag, size);
    }

    /// <summary>Whether a file on disk has this content.</summary>
    public bool Matches(string path)
    {
        using var stream = File.OpenRead(path);
        if (stream.Length != Size)
        {
            return false;
        }

        if (!Etag.All(char.IsAsciiHexDigitLower))
        {
            return true;
        }

        return Etag.Length switch
        {
            Sha256Length => Convert.ToHexStringLower(SHA256.HashData(stream)) == Etag,
            Sha1Length => Convert.ToHexStringLower(GitHash(stream)) == Etag,
            _ => true,
        };
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    // Git hashes a file's content behind a header of its kind and length.
    private static byte[] GitHash(Stream stream)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {stream.Length}\0")));
        var buffer = new byte[1 << 16];
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer.AsSpan(0, count));
        }

        return hash.GetHashAndReset();
    }
}
