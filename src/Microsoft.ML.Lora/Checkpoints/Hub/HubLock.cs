namespace Microsoft.ML.Lora.Checkpoints.Hub;

/// <summary>
/// Keeps two processes from gathering the same content at once: an open file that nobody else may open. Python's
/// filelock uses the same kind of lock.
/// </summary>
internal sealed class HubLock : IDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _stream;

    private HubLock(FileStream stream) => _stream = stream;

    /// <summary>Waits until the lock is free and takes it.</summary>
    public static async Task<HubLock> TakeAsync(string path, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return new HubLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException error) when (error.GetType() == typeof(IOException))
            {
                await Task.Delay(_pause, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
