namespace Microsoft.ML;

/// <summary>Seekable room for an entry of a model: memory when it is small, else a temporary file.</summary>
internal static class ScratchStream
{
    private const int LargestInMemory = 1 << 24;

    /// <param name="length">The bytes to come, or -1 when that is not known.</param>
    public static Stream Create(long length) =>
        length is >= 0 and <= LargestInMemory
            ? new MemoryStream((int)length)
            : new FileStream(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), FileMode.CreateNew,
                FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
}
