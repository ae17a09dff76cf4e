using System.Net;

namespace Microsoft.ML.Lora.Checkpoints.Hub;

/// <summary>
/// Fetches one file's content into the cache: takes up where an earlier attempt ended, checks size and hash, and only
/// then gives it its name.
/// </summary>
internal sealed class HubDownload(HubConnection connection, HubSettings settings, HubCache cache, string repository, string commit)
{
    private const int BufferBytes = 1 << 17;
    private const long SpareBytes = 1 << 20;

    /// <summary>Makes sure that the file is there.</summary>
    public async Task FetchAsync(string name, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        if (File.Exists(cache.SnapshotPath(commit, name)))
        {
            return;
        }

        var file = await Retry(() => DescribeAsync(name, cancellation), cancellation).ConfigureAwait(false);
        var blob = cache.BlobPath(file.Etag);
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        using (await HubLock.TakeAsync(cache.LockPath(file.Etag), cancellation).ConfigureAwait(false))
        {
            // Another process may have fetched it while this one waited.
            if (!File.Exists(blob))
            {
                await Retry(() => ReceiveAsync(file, progress, cancellation), cancellation).ConfigureAwait(false);
                Accept(file);
            }

            cache.Link(commit, name, file.Etag);
        }

        progress?.Report(new HubProgress(name, file.Size, file.Size));
    }

    private Uri AddressOf(string name) =>
        connection.AddressOf($"{repository}/resolve/{commit}/{string.Join('/', name.Split('/').Select(Uri.EscapeDataString))}");

    private async Task<HubFile> DescribeAsync(string name, CancellationToken cancellation)
    {
        using var answer = await connection.SendAsync(HttpMethod.Head, AddressOf(name), 0, withinHub: true, cancellation)
            .ConfigureAwait(false);
        if (answer.StatusCode is not (HttpStatusCode.Redirect or HttpStatusCode.TemporaryRedirect or HttpStatusCode.MovedPermanently
            or HttpStatusCode.SeeOther or HttpStatusCode.PermanentRedirect))
        {
            HubErrors.ThrowIfRefused(answer, repository, commit, name, settings.Token is not null);
        }

        return HubFile.From(name, answer);
    }

    private async Task<bool> ReceiveAsync(HubFile file, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var path = cache.IncompletePath(file.Etag);
        await using var target = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        if (target.Length > file.Size)
        {
            target.SetLength(0);
        }

        CheckSpace(file, file.Size - target.Length);
        if (target.Length == file.Size)
        {
            return true;
        }

        using var answer = await connection.SendAsync(HttpMethod.Get, AddressOf(file.Name), target.Length, withinHub: false, cancellation)
            .ConfigureAwait(false);
        HubErrors.ThrowIfRefused(answer, repository, commit, file.Name, settings.Token is not null);

        // A server that knows no ranges sends everything again; so does one whose range begins elsewhere.
        var resumed = answer.StatusCode == HttpStatusCode.PartialContent
            && answer.Content.Headers.ContentRange?.From == target.Length;
        if (answer.StatusCode == HttpStatusCode.PartialContent && !resumed)
        {
            target.SetLength(0);
            throw new HttpRequestException($"The server sent another part of '{file.Name}' than was asked for.");
        }

        target.SetLength(resumed ? target.Length : 0);
        target.Seek(0, SeekOrigin.End);
        await using var source = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await CopyAsync(source, target, file, progress, cancellation).ConfigureAwait(false);
        return true;
    }

    private async Task CopyAsync(
        Stream source, FileStream target, HubFile file, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        var buffer = new byte[BufferBytes];
        while (true)
        {
            var count = await connection.WithinSilence(limit => source.ReadAsync(buffer, limit).AsTask(), cancellation)
                .ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            if (target.Length + count > file.Size)
            {
                target.SetLength(0);
                throw new InvalidDataException($"The server sends more of '{file.Name}' than the {file.Size} bytes the hub names.");
            }

            Write(target, buffer.AsSpan(0, count), file);
            progress?.Report(new HubProgress(file.Name, target.Length, file.Size));
        }

        if (target.Length < file.Size)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"The connection ended after {target.Length} of {file.Size} bytes of '{file.Name}'.");
        }
    }

    private void Write(FileStream target, ReadOnlySpan<byte> bytes, HubFile file)
    {
        try
        {
            target.Write(bytes);
        }
        catch (IOException error) when (HubErrors.IsDiskFull(error))
        {
            throw new IOException(NoSpace(file, file.Size - target.Length, 0), error);
        }
    }

    private void CheckSpace(HubFile file, long needed)
    {
        var free = settings.FreeBytes(settings.CacheFolder);
        if (needed > 0 && free - SpareBytes < needed)
        {
            throw new IOException(NoSpace(file, needed, free));
        }
    }

    private string NoSpace(HubFile file, long needed, long free) =>
        $"The disk of '{settings.CacheFolder}' is full: '{file.Name}' needs {needed} more bytes and {free} are free. "
        + "Make room, or name another folder with HF_HUB_CACHE.";

    private void Accept(HubFile file)
    {
        var path = cache.IncompletePath(file.Etag);
        if (!file.Matches(path))
        {
            File.Delete(path);
            throw new InvalidDataException(
                $"What was received of '{file.Name}' does not have the hash that the hub names ({file.Etag}). It was deleted; try again.");
        }

        File.Move(path, cache.BlobPath(file.Etag), overwrite: true);
    }

    private async Task<T> Retry<T>(Func<Task<T>> action, CancellationToken cancellation)
    {
        var delay = settings.RetryDelay;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await action().ConfigureAwait(false);
            }
            catch (Exception error) when (attempt < settings.Retries && HubErrors.IsPassing(error))
            {
                await Task.Delay(delay, cancellation).ConfigureAwait(false);
                delay *= 2;
            }
        }
    }
}
