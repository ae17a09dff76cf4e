using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.Lora.Tests.Checkpoints.Hub;

/// <summary>One request as the server saw it.</summary>
internal sealed record SeenRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name.ToUpperInvariant());
}

/// <summary>
/// A small hub on this machine: one model, its large files handed out by a second "storage" address, with the
/// misfortunes that a test asks for.
/// </summary>
internal sealed class HubServer : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TcpListener _hub = new(IPAddress.Loopback, 0);
    private readonly TcpListener _storage = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public HubServer()
    {
        _hub.Start();
        _storage.Start();
        _ = AcceptAsync(_hub);
        _ = AcceptAsync(_storage);
    }

    /// <summary>The files of the model; those of more than 1000 bytes count as large.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Every request so far.</summary>
    public ConcurrentQueue<SeenRequest> Requests { get; } = [];

    /// <summary>Status and X-Error-Code of every answer; 200 for real ones.</summary>
    public (int Status, string? Code) Refusal { get; set; } = (200, null);

    /// <summary>How many answers with content break off after half of it.</summary>
    public int Drops { get; set; }

    /// <summary>Whether ranges are ignored.</summary>
    public bool IgnoresRanges { get; set; }

    /// <summary>Changes a content on its way.</summary>
    public Func<byte[], byte[]> Spoil { get; set; } = bytes => bytes;

    /// <summary>The address for HF_ENDPOINT.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_hub.LocalEndpoint).Port}/");

    private Uri StorageAddress => new($"http://127.0.0.1:{((IPEndPoint)_storage.LocalEndpoint).Port}/");

    public static string EtagOf(byte[] content) => content.Length > 1000
        ? Convert.ToHexStringLower(SHA256.HashData(content))
        : Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));

    public void Dispose()
    {
        _stop.Cancel();
        _hub.Stop();
        _storage.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client, listener == _storage));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client, bool isStorage)
    {
        try
        {
            using (client)
            {
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                var first = (await reader.ReadLineAsync() ?? string.Empty).Split(' ');
                var headers = new Dictionary<string, string>(StringComparer.Ordinal);
                while (await reader.ReadLineAsync() is { Length: > 0 } line)
                {
                    var colon = line.IndexOf(':', StringComparison.Ordinal);
                    headers[line[..colon].ToUpperInvariant()] = line[(colon + 1)..].Trim();
                }

                var request = new SeenRequest(first[0], Uri.UnescapeDataString(first[1]), headers);
                Requests.Enqueue(request with { Path = isStorage ? "storage:" + request.Path : request.Path });
                await AnswerAsync(stream, request, isStorage);
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task AnswerAsync(Stream stream, SeenRequest request, bool isStorage)
    {
        if (Refusal.Status != 200)
        {
            await SendAsync(stream, Refusal.Status, Refusal.Code is null ? string.Empty : $"X-Error-Code: {Refusal.Code}\r\n", []);
            return;
        }

        if (request.Path.StartsWith("/api/models/", StringComparison.Ordinal))
        {
            var siblings = string.Join(",", Files.Keys.Append("README.md").Append("../escape").Select(name => $$"""{"rfilename":"{{name}}"}"""));
            await SendAsync(stream, 200, string.Empty, Encoding.UTF8.GetBytes($$"""{"sha":"{{Commit}}","siblings":[{{siblings}}]}"""));
            return;
        }

        var marker = $"/resolve/{Commit}/";
        var name = request.Path[(request.Path.IndexOf(marker, StringComparison.Ordinal) + marker.Length)..];
        if (!Files.TryGetValue(name, out var content))
        {
            await SendAsync(stream, 404, "X-Error-Code: EntryNotFound\r\n", []);
        }
        else if (content.Length > 1000 && !isStorage)
        {
            await SendAsync(
                stream, 302, $"Location: {StorageAddress}{request.Path[1..]}\r\nX-Linked-Etag: \"{EtagOf(content)}\"\r\nX-Linked-Size: {content.Length}\r\n", []);
        }
        else
        {
            await SendContentAsync(stream, request, content);
        }
    }

    private async Task SendContentAsync(Stream stream, SeenRequest request, byte[] content)
    {
        var sent = request.Method == "HEAD" ? content : Spoil(content);
        var from = 0;
        if (!IgnoresRanges && request.Header("Range") is { } range)
        {
            from = int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
        }

        var headers = $"ETag: \"{EtagOf(content)}\"\r\n"
            + (from > 0 ? $"Content-Range: bytes {from}-{sent.Length - 1}/{sent.Length}\r\n" : string.Empty);
        var body = sent[from..];
        var length = body.Length;
        if (request.Method == "HEAD")
        {
            body = [];
        }
        else if (Drops > 0)
        {
            Drops--;
            body = body[..(body.Length / 2)];
        }

        await SendAsync(stream, from > 0 ? 206 : 200, headers, body, length);
    }

    private static async Task SendAsync(Stream stream, int status, string headers, byte[] body, int? length = null)
    {
        var head = $"HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length ?? body.Length}\r\n{headers}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        await stream.WriteAsync(body);
    }
}
