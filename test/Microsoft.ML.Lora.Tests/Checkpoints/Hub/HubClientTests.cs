using System.Text;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Checkpoints.Hub;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Checkpoints.Hub;

public sealed class HubClientTests : IDisposable
{
    private const string Repository = "someone/tiny";

    private readonly HubServer _server = new();
    private readonly TemporaryFolder _cache = new();
    private readonly byte[] _weights = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];
    private readonly HubSettings _settings;

    public HubClientTests()
    {
        _server.Files["config.json"] = Encoding.UTF8.GetBytes("""{"model_type":"bert"}""");
        _server.Files["tokenizer.json"] = new byte[5000];
        _server.Files["1_Pooling/config.json"] = Encoding.UTF8.GetBytes("{}");
        _server.Files["model.safetensors"] = _weights;
        _server.Files["flax_model.msgpack"] = new byte[2000];
        _settings = new HubSettings
        {
            Endpoint = _server.Address,
            CacheFolder = _cache.Path,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            Silence = TimeSpan.FromSeconds(20),
        };
    }

    public void Dispose()
    {
        _server.Dispose();
        _cache.Dispose();
    }

    [Fact]
    public async Task CacheHasTheLayoutOfTheHubsOwnTools()
    {
        var folder = await Fetch(_settings);

        var model = _cache.PathOf("models--someone--tiny");
        Assert.Equal(Path.Combine(model, "snapshots", HubServer.Commit), folder);
        Assert.Equal(HubServer.Commit, File.ReadAllText(Path.Combine(model, "refs", "main")));
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(model, "blobs", HubServer.EtagOf(_weights))));
        Assert.True(File.Exists(Path.Combine(folder, "1_Pooling", "config.json")));
        Assert.False(File.Exists(Path.Combine(folder, "README.md")) || File.Exists(Path.Combine(folder, "flax_model.msgpack")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                Path.Combine("..", "..", "blobs", HubServer.EtagOf(_weights)),
                new FileInfo(Path.Combine(folder, "model.safetensors")).LinkTarget);
        }

        Assert.Equal("bert", BaseModelFiles.FromFolder(folder).ReadConfig().GetString("model_type"));
    }

    [Fact]
    public async Task WhatIsThereIsNotFetchedAgain()
    {
        await Fetch(_settings);
        _server.Requests.Clear();

        await Fetch(_settings);

        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task OfflineFindsWhatIsThere()
    {
        var folder = await Fetch(_settings);
        _server.Requests.Clear();
        var offline = _settings with { IsOffline = true };

        Assert.Equal(folder, await Fetch(offline));
        Assert.Equal(folder, await Fetch(offline, revision: HubServer.Commit));
        Assert.Empty(_server.Requests);
        var error = await Assert.ThrowsAsync<FileNotFoundException>(() => Fetch(offline, "someone/else"));
        Assert.Contains("HF_HUB_OFFLINE", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnreachableHubFallsBackToTheCache()
    {
        var folder = await Fetch(_settings);
        var gone = _settings with { Endpoint = new Uri("http://127.0.0.1:1/"), Retries = 0 };

        Assert.Equal(folder, await Fetch(gone));
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => Fetch(gone, "someone/else"));
        Assert.Contains("cannot be reached", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task ADroppedConnectionIsTakenUpWhereItEnded(int drops)
    {
        _server.Files.Remove("tokenizer.json");
        _server.Drops = drops;
        var reports = new List<HubProgress>();

        var folder = await new HubClient(_settings).FetchAsync(Repository, "main", new Recorder(reports), default);

        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.Contains(_server.Requests, request => request.Header("Range") is not null);
        Assert.Contains(reports, report => report == new HubProgress("model.safetensors", _weights.Length, _weights.Length));
        Assert.DoesNotContain(Directory.GetFiles(_cache.PathOf("models--someone--tiny/blobs")), path => path.EndsWith(".incomplete", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnInterruptedDownloadIsTakenUpByTheNext()
    {
        var incomplete = _cache.PathOf($"models--someone--tiny/blobs/{HubServer.EtagOf(_weights)}.incomplete");
        Directory.CreateDirectory(Path.GetDirectoryName(incomplete)!);
        File.WriteAllBytes(incomplete, _weights[..100_000]);

        var folder = await Fetch(_settings);

        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.Contains(_server.Requests, request => request.Header("Range") == "bytes=100000-");
    }

    [Fact]
    public async Task AServerWithoutRangesSendsEverythingAgain()
    {
        _server.IgnoresRanges = true;
        _server.Drops = 2;

        var folder = await Fetch(_settings);

        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
    }

    [Fact]
    public async Task AWrongHashIsRefusedAndDeleted()
    {
        _server.Spoil = bytes => [.. bytes.Select((value, i) => i == 17 ? (byte)(value + 1) : value)];

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Fetch(_settings));

        Assert.Contains("hash", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_cache.PathOf("models--someone--tiny/blobs")));
    }

    [Fact]
    public async Task MoreThanAnnouncedIsRefused()
    {
        _server.Spoil = bytes => [.. bytes, .. new byte[100_000]];

        await Assert.ThrowsAsync<InvalidDataException>(() => Fetch(_settings));
    }

    [Fact]
    public async Task LessThanAnnouncedIsRefusedAfterRetries()
    {
        _server.Spoil = bytes => bytes[..^1];

        await Assert.ThrowsAsync<HttpIOException>(() => Fetch(_settings with { Retries = 2 }));
    }

    [Theory]
    [InlineData(401, "RepoNotFound", typeof(UnauthorizedAccessException), "HF_TOKEN")]
    [InlineData(401, "GatedRepo", typeof(UnauthorizedAccessException), "gated")]
    [InlineData(403, null, typeof(UnauthorizedAccessException), "403")]
    [InlineData(404, null, typeof(FileNotFoundException), "someone/tiny")]
    [InlineData(404, "RevisionNotFound", typeof(FileNotFoundException), "revision")]
    [InlineData(503, null, typeof(HttpRequestException), "503")]
    public async Task RefusalsSayWhatToDo(int status, string? code, Type type, string expected)
    {
        _server.Refusal = (status, code);

        var error = await Assert.ThrowsAsync(type, () => Fetch(_settings));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheTokenGoesToTheHubAlone()
    {
        await Fetch(_settings with { Token = "secret" });

        Assert.All(_server.Requests, request => Assert.Equal(
            request.Path.StartsWith("storage:", StringComparison.Ordinal) ? null : "Bearer secret", request.Header("Authorization")));
        Assert.Contains(_server.Requests, request => request.Path.StartsWith("storage:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AFullDiskIsSaidBeforehand()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => Fetch(_settings with { FreeBytes = _ => 1_100_000 }));

        Assert.Contains("HF_HUB_CACHE", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShardsComeWithTheirIndex()
    {
        _server.Files.Remove("model.safetensors");
        _server.Files["model.safetensors.index.json"] = Encoding.UTF8.GetBytes("""{"weight_map":{"a":"part-1.safetensors","b":"part-2.safetensors"}}""");
        _server.Files["part-1.safetensors"] = new byte[1500];
        _server.Files["part-2.safetensors"] = new byte[10];

        var folder = await Fetch(_settings);

        Assert.Equal(1500, File.ReadAllBytes(Path.Combine(folder, "part-1.safetensors")).Length);
        Assert.True(File.Exists(Path.Combine(folder, "part-2.safetensors")));
    }

    [Fact]
    public async Task SeveralAtOnceFetchEachContentOnce()
    {
        var folders = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Fetch(_settings))));

        Assert.Single(folders.Distinct());
        Assert.Single(_server.Requests, request =>
            request.Method == "GET" && request.Path.StartsWith("storage:", StringComparison.Ordinal)
            && request.Path.EndsWith("model.safetensors", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("../tiny", "main")]
    [InlineData("a/b/c", "main")]
    [InlineData("a--b", "main")]
    [InlineData("", "main")]
    [InlineData("someone/tiny", "../main")]
    [InlineData("someone/tiny", "")]
    public async Task NamesThatLeadElsewhereAreRefused(string repository, string revision) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Fetch(_settings, repository, revision));

    [Fact]
    public async Task CancellationEndsTheDownload()
    {
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new HubClient(_settings).FetchAsync(Repository, "main", null, cancellation.Token));
    }

    private static Task<string> Fetch(HubSettings settings, string repository = Repository, string revision = "main") =>
        new HubClient(settings).FetchAsync(repository, revision, null, default);

    private sealed class Recorder(List<HubProgress> reports) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => reports.Add(value);
    }
}
