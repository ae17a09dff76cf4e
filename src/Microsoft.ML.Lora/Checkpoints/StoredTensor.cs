using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>One tensor of a checkpoint, read in place: row-major elements at an offset of a mapped file.</summary>
internal sealed class StoredTensor
{
    // Elements widened per borrowed run: bounds the length of a span, which is an int.
    private const int ChunkElements = 1 << 24;

    private readonly MappedMemory _memory;
    private readonly long _offset;
    private readonly long[] _shape;

    /// <summary>Describes a tensor whose extent has been checked against its file.</summary>
    public StoredTensor(string name, StorageType type, long[] shape, string file, MappedMemory memory, long offset)
    {
        Name = name;
        Type = type;
        File = file;
        _shape = shape;
        _memory = memory;
        _offset = offset;
        ElementCount = shape.Aggregate(1L, (product, size) => checked(product * size));
    }

    /// <summary>Gets the tensor's name in the checkpoint.</summary>
    public string Name { get; }

    /// <summary>Gets how its elements are stored.</summary>
    public StorageType Type { get; }

    /// <summary>Gets its sizes, outermost first; empty for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Gets the number of elements.</summary>
    public long ElementCount { get; }

    /// <summary>Gets the number of bytes stored.</summary>
    public long ByteCount => checked(ElementCount * Type.Bits()) / 8;

    /// <summary>Gets the name of the file it lies in, for messages.</summary>
    public string File { get; }

    /// <summary>The shape as text, such as <c>[384, 1536]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", _shape)}]";

    /// <summary>Whether the sizes are exactly these.</summary>
    public bool HasShape(params ReadOnlySpan<long> shape) => shape.SequenceEqual(_shape);

    /// <summary>
    /// Copies <c>destination.Length</c> elements from <paramref name="firstElement"/> on, widened to float.
    /// Safe from several threads at once.
    /// </summary>
    /// <exception cref="NotSupportedException">The elements are not floating-point numbers of 16 to 64 bits.</exception>
    public void CopyTo(Span<float> destination, long firstElement = 0)
    {
        while (!destination.IsEmpty)
        {
            var count = Math.Min(destination.Length, ChunkElements);
            using (var bytes = BorrowElements(firstElement, count))
            {
                Widen(bytes.Span, destination[..count]);
            }

            destination = destination[count..];
            firstElement += count;
        }
    }

    /// <summary>Whether all elements of a tensor of F16 are below <see cref="ShortFloat.Limit"/>; none is infinite then.</summary>
    public bool HasSmallHalves()
    {
        for (long first = 0; first < ElementCount; first += ChunkElements)
        {
            using var bytes = BorrowElements(first, (int)Math.Min(ChunkElements, ElementCount - first));
            if (!Tensors.Widen.AreSmall(bytes.Span))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Says that all elements have been read and will hardly be read again: their file's pages need no memory meanwhile.</summary>
    public void ReleasePages() => _memory.Release(_offset, ByteCount);

    /// <summary>All elements, widened to float.</summary>
    public float[] ToArray()
    {
        var result = new float[checked((int)ElementCount)];
        CopyTo(result);
        return result;
    }

    /// <summary>All elements of a tensor of F64 as they are.</summary>
    public double[] ToDoubles()
    {
        var result = new double[checked((int)ElementCount)];
        for (var first = 0; first < result.Length; first += ChunkElements)
        {
            var part = result.AsSpan(first, Math.Min(ChunkElements, result.Length - first));
            using var bytes = BorrowElements(first, part.Length);
            MemoryMarshal.Cast<byte, double>(bytes.Span).CopyTo(part);
        }

        return result;
    }

    /// <summary>The stored bytes of a run of elements, in place.</summary>
    public BorrowedBytes BorrowElements(long firstElement, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstElement);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstElement, ElementCount - count);
        var size = ElementBytes();
        return _memory.Borrow(_offset + (firstElement * size), checked(count * size));
    }

    /// <summary>Writes the stored bytes as they are.</summary>
    public void WriteBytesTo(Stream stream)
    {
        const int Chunk = 1 << 20;
        for (long done = 0, total = ByteCount; done < total;)
        {
            var count = (int)Math.Min(Chunk, total - done);
            using (var bytes = _memory.Borrow(_offset + done, count))
            {
                stream.Write(bytes.Span);
            }

            done += count;
        }
    }

    private int ElementBytes()
    {
        if (Type.Bits() % 8 != 0)
        {
            ThrowNotReadable();
        }

        return Type.Bits() / 8;
    }

    private void Widen(ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (Type)
        {
            case StorageType.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                break;
            case StorageType.F16:
                Tensors.Widen.Float16(source, destination);
                break;
            case StorageType.BF16:
                Tensors.Widen.BFloat16(source, destination);
                break;
            case StorageType.F64:
                var doubles = MemoryMarshal.Cast<byte, double>(source);
                for (var i = 0; i < destination.Length; i++)
                {
                    destination[i] = (float)doubles[i];
                }

                break;
            default:
                ThrowNotReadable();
                break;
        }
    }

    private void ThrowNotReadable() => Throw.NotSupported_InFile(
        File,
        $"tensor {Throw.Quote(Name)} is stored as {Type.Name()}; F32, F16, BF16 and F64 are read. Save the model in one of these.");
}
