using System.Text.RegularExpressions;

namespace Microsoft.ML.Lora.Checkpoints.Hub;

/// <summary>
/// Fetches an encoder's files from the Hugging Face hub into the hub's own cache, and finds them there again.
/// </summary>
internal sealed partial class HubClient(HubSettings settings)
{
    private const int MaxListingBytes = 1 << 24;

    private static readonly string[] _wanted =
    [
        "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
        "vocab.json", "merges.txt", "sentencepiece.bpe.model", "spm.model", "modules.json", "sentence_bert_config.json",
        "1_Pooling/config.json",
    ];

    // In the order of preference; an index brings its shards along.
    private static readonly string[] _weights =
        ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

    /// <summary>Fetches what is not in the cache yet.</summary>
    /// <param name="repository">The model's id, such as <c>intfloat/multilingual-e5-small</c>.</param>
    /// <param name="revision">A branch, tag or commit.</param>
    /// <param name="progress">Told of every file; null for nobody.</param>
    /// <param name="cancellation">Ends the download; what was received is kept for the next time.</param>
    /// <returns>The folder of the revision's files.</returns>
    /// <exception cref="ArgumentException">The id or revision cannot be one.</exception>
    /// <exception cref="UnauthorizedAccessException">The model is private or gated, and the token does not open it.</exception>
    /// <exception cref="FileNotFoundException">There is no such model or revision, or it is not in the cache and the hub is offline.</exception>
    /// <exception cref="HttpRequestException">The hub cannot be reached, or fails.</exception>
    /// <exception cref="InvalidDataException">What the hub sends is not what it announced.</exception>
    /// <exception cref="IOException">The disk is full.</exception>
    public async Task<string> FetchAsync(
        string repository, string revision, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        CheckNames(repository, revision);
        var cache = new HubCache(settings.CacheFolder, repository);
        if (settings.IsOffline)
        {
            return Cached(cache, repository, revision) ?? throw new FileNotFoundException(
                $"The model '{repository}' at revision '{revision}' is not in '{settings.CacheFolder}', and HF_HUB_OFFLINE forbids to fetch it. "
                + "Fetch it once with a connection, or copy the cache's folder here.");
        }

        Directory.CreateDirectory(settings.CacheFolder);
        using var connection = new HubConnection(settings);
        (string Commit, IReadOnlyList<string> Files) listing;
        try
        {
            listing = await ListAsync(connection, repository, revision, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (HubErrors.IsPassing(error))
        {
            return Cached(cache, repository, revision) ?? throw new HttpRequestException(
                $"The hub at {settings.Endpoint} cannot be reached, and the model '{repository}' is not in '{settings.CacheFolder}': {error.Message} "
                + "Behind a proxy, set HTTPS_PROXY; with a mirror, set HF_ENDPOINT; or name a folder with the model's files.", error);
        }

        var download = new HubDownload(connection, settings, cache, repository, listing.Commit);
        foreach (var file in Choose(listing.Files, repository))
        {
            await download.FetchAsync(file, progress, cancellation).ConfigureAwait(false);
            if (file.EndsWith(".index.json", StringComparison.Ordinal))
            {
                var path = cache.SnapshotPath(listing.Commit, file);
                foreach (var shard in ShardedWeights.ShardNames(ConfigJson.Parse(await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false), path)))
                {
                    await download.FetchAsync(shard, progress, cancellation).ConfigureAwait(false);
                }
            }
        }

        cache.Remember(revision, listing.Commit);
        return cache.SnapshotFolder(listing.Commit);
    }

    private static void CheckNames(string repository, string revision)
    {
        if (!RepositoryId().IsMatch(repository) || repository.Contains("..", StringComparison.Ordinal)
            || repository.Contains("--", StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"'{repository}' is not a model's id on the hub; one looks like 'organization/name'.", nameof(repository));
        }

        if (!ModelPath.IsPlainPath(revision))
        {
            throw new ArgumentException($"'{revision}' is not a revision: a branch, a tag or a commit.", nameof(revision));
        }
    }

    private static string? Cached(HubCache cache, string repository, string revision) =>
        cache.Resolve(revision) is { } commit && File.Exists(cache.SnapshotPath(commit, "config.json"))
            ? cache.SnapshotFolder(commit)
            : null;

    private static IEnumerable<string> Choose(IReadOnlyList<string> files, string repository)
    {
        var there = files.ToHashSet(StringComparer.Ordinal);
        var weights = Array.Find(_weights, there.Contains);
        if (weights is null || !there.Contains("config.json"))
        {
            throw new FileNotFoundException(
                $"The model '{repository}' on the hub has no {(weights is null ? "model.safetensors or pytorch_model.bin" : "config.json")}: it is not an encoder that can be loaded.");
        }

        return _wanted.Where(there.Contains).Append(weights);
    }

    private async Task<(string Commit, IReadOnlyList<string> Files)> ListAsync(
        HubConnection connection, string repository, string revision, CancellationToken cancellation)
    {
        var address = connection.AddressOf($"api/models/{repository}/revision/{Uri.EscapeDataString(revision)}");
        using var answer = await connection.SendAsync(HttpMethod.Get, address, 0, withinHub: false, cancellation).ConfigureAwait(false);
        HubErrors.ThrowIfRefused(answer, repository, revision, null, settings.Token is not null);
        var json = ConfigJson.Parse(await ReadAsync(connection, answer, cancellation).ConfigureAwait(false), address.ToString());
        var commit = json.GetString("sha");
        if (!HubCache.IsCommit(commit))
        {
            throw new InvalidDataException($"'{address}' names {Throw.Quote(commit)} as the revision's commit; it is not a Hugging Face hub (see HF_ENDPOINT).");
        }

        return (commit, [.. json.GetObjects("siblings").Select(file => file.GetString("rfilename")).Where(ModelPath.IsPlainPath)]);
    }

    private static async Task<byte[]> ReadAsync(HubConnection connection, HttpResponseMessage answer, CancellationToken cancellation)
    {
        await using var source = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int count; (count = await connection.WithinSilence(limit => source.ReadAsync(buffer, limit).AsTask(), cancellation).ConfigureAwait(false)) > 0;)
        {
            bytes.Write(buffer, 0, count);
            if (bytes.Length > MaxListingBytes)
            {
                throw new InvalidDataException($"The hub's list of files is longer than {MaxListingBytes} bytes.");
            }
        }

        return bytes.ToArray();
    }

    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?$", RegexOptions.CultureInvariant)]
    private static partial Regex RepositoryId();
}
