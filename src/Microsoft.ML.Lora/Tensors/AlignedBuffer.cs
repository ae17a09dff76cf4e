using System.Runtime.InteropServices;

namespace Microsoft.ML.Lora.Tensors;

/// <summary>
/// A zeroed block of unmanaged floats on a 64-byte boundary: one cache line, one 512-bit vector.
/// </summary>
/// <remarks>
/// The pages come from the system untouched, so memory that is never written costs nothing. A pointer does not keep
/// its buffer alive: a public entry point that computes on one ends with <c>GC.KeepAlive(this)</c>.
/// </remarks>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    /// <summary>Alignment of <see cref="Pointer"/>, in bytes.</summary>
    public const int Alignment = 64;

    private readonly LargePages.Block? _pages;
    private void* _block;
    private float* _pointer;

    /// <summary>Allocates <paramref name="length"/> zeroed floats.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative or beyond the address space.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, (long.MaxValue - Alignment) / sizeof(float));
        Length = length;
        var bytes = (nuint)(length * sizeof(float)) + Alignment;
        _pages = LargePages.Rent((long)bytes);
        _block = _pages == null ? NativeMemory.AllocZeroed(bytes) : _pages.Pointer;
        _pointer = (float*)(((nuint)_block + Alignment - 1) & ~(nuint)(Alignment - 1));
        GC.AddMemoryPressure((long)bytes);
    }

    ~AlignedBuffer() => Release();

    /// <summary>First float; null once disposed.</summary>
    public float* Pointer => _pointer;

    /// <summary>Number of floats.</summary>
    public long Length { get; }

    /// <summary>The whole buffer as a span.</summary>
    /// <exception cref="OverflowException">The buffer is longer than a span can be.</exception>
    public Span<float> Span => _pointer == null ? default : new Span<float>(_pointer, checked((int)Length));

    /// <summary>A dense [<paramref name="rows"/>, <paramref name="columns"/>] view from float <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The view would leave the buffer.</exception>
    public Matrix AsMatrix(int rows, int columns, long offset = 0) => AsMatrix(rows, columns, columns, offset);

    /// <summary>A view whose rows lie <paramref name="stride"/> floats apart.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The view would leave the buffer.</exception>
    public Matrix AsMatrix(int rows, int columns, int stride, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, columns);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var last = rows == 0 ? offset : offset + ((long)(rows - 1) * stride) + columns;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(last, Length, nameof(offset));
        return new Matrix(_pointer + offset, rows, columns, stride);
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_block != null)
        {
            if (_pages == null)
            {
                NativeMemory.Free(_block);
            }
            else
            {
                _pages.Return();
            }

            GC.RemoveMemoryPressure((Length * sizeof(float)) + Alignment);
            _block = null;
            _pointer = null;
        }
    }
}
