using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lora.Tensors;

/// <summary>
/// Read-only bytes that stay where they are: a memory-mapped file, a resource inside a loaded assembly, or an array.
/// </summary>
internal sealed unsafe class MappedMemory : IDisposable
{
    private readonly byte* _pointer;
    private readonly SafeBuffer? _mapping;
    private readonly List<IDisposable> _owned;
    private readonly bool _canRelease;
    private volatile bool _disposed;

    private MappedMemory(
        byte* pointer, long length, SafeBuffer? mapping, bool canRelease, params List<IDisposable> owned)
    {
        _pointer = pointer;
        _mapping = mapping;
        _owned = owned;
        _canRelease = canRelease;
        Length = length;
    }

    /// <summary>Gets the number of bytes.</summary>
    public long Length { get; }

    /// <summary>Maps a file; an empty one gives zero bytes.</summary>
    public static MappedMemory OpenFile(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1);
        try
        {
            if (stream.Length == 0)
            {
                return new MappedMemory(null, 0, null, false, stream);
            }

            // The file's length is taken once: the view covers what was there when it was opened.
            var length = stream.Length;
            var file = MemoryMappedFile.CreateFromFile(
                stream, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            var view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            return new MappedMemory(
                start + view.PointerOffset, length, view.SafeMemoryMappedViewHandle, OperatingSystem.IsLinux(), view, file,
                stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Wraps a stream: in place when its bytes lie in unmanaged memory, else as a copy of its content.</summary>
    public static MappedMemory FromStream(Stream stream)
    {
        if (stream is UnmanagedMemoryStream resource)
        {
            return new MappedMemory(
                resource.PositionPointer, resource.Length - resource.Position, null,
                FilePages.CanRelease(resource.PositionPointer), resource);
        }

        using (stream)
        {
            var bytes = new byte[checked((int)(stream.Length - stream.Position))];
            stream.ReadExactly(bytes);
            return FromArray(bytes);
        }
    }

    /// <summary>Wraps an array, which must not change from now on.</summary>
    public static MappedMemory FromArray(byte[] bytes)
    {
        var pin = new Pin(bytes);
        return new MappedMemory(pin.Pointer, bytes.Length, null, false, pin);
    }

    /// <summary>
    /// Gives access to a run of bytes until the result is disposed; disposing this object meanwhile does not take
    /// a file's mapping away.
    /// </summary>
    public BorrowedBytes Borrow(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (offset < 0 || offset > Length - length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset));
        }

        var taken = false;
        _mapping?.DangerousAddRef(ref taken);
        return new BorrowedBytes(new ReadOnlySpan<byte>(_pointer + offset, length), taken ? _mapping : null, this);
    }

    /// <summary>Copies a run of bytes.</summary>
    public void CopyTo(long offset, Span<byte> destination)
    {
        using var bytes = Borrow(offset, destination.Length);
        bytes.Span.CopyTo(destination);
    }

    /// <summary>
    /// Says that a run of bytes has been read and will hardly be read again: a file's pages leave this process's memory meanwhile.
    /// </summary>
    public void Release(long offset, long length)
    {
        if (!_canRelease || length <= 0)
        {
            return;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        using var bytes = Borrow(offset, 1);
        FilePages.Release(_pointer + offset, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _mapping?.ReleasePointer();
        _owned.ForEach(item => item.Dispose());
    }

    private sealed class Pin(byte[] bytes) : IDisposable
    {
        private GCHandle _handle = GCHandle.Alloc(bytes, GCHandleType.Pinned);

        public byte* Pointer => (byte*)_handle.AddrOfPinnedObject();

        // An array is left to the collector: freeing the pin early could move bytes somebody still reads.
        ~Pin() => _handle.Free();

        public void Dispose()
        {
        }
    }
}

/// <summary>A run of bytes of a <see cref="MappedMemory"/>; valid until disposed.</summary>
internal readonly ref struct BorrowedBytes(ReadOnlySpan<byte> span, SafeBuffer? mapping, MappedMemory owner)
{
    /// <summary>Gets the bytes.</summary>
    public ReadOnlySpan<byte> Span { get; } = span;

    /// <summary>Gives the bytes back.</summary>
    public void Dispose()
    {
        mapping?.DangerousRelease();
        GC.KeepAlive(owner);
    }
}
