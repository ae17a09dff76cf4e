using System.Runtime.InteropServices;

namespace Microsoft.ML.Data.IO;

/// <summary>Values as they lie in memory, little-endian and packed.</summary>
internal sealed class PackedCodec<T> : ValueCodec<T>
    where T : unmanaged
{
    private readonly int _size = Marshal.SizeOf<T>();

    public PackedCodec(string name, DataViewType type) : base(name, type)
    {
    }

    public override void Write(BinaryWriter writer, ReadOnlySpan<T> values) =>
        writer.Write(MemoryMarshal.AsBytes(values));

    public override T[] Read(BinaryReader reader, int count)
    {
        CheckRoom(reader, count, _size);
        var values = new T[count];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}

/// <summary>Packed values of which each stands for a value of another type, such as the ticks of a time.</summary>
internal sealed class ConvertedCodec<T, TStored> : ValueCodec<T>
    where TStored : unmanaged
{
    private readonly PackedCodec<TStored> _stored;
    private readonly Func<T, TStored> _toStored;
    private readonly Func<TStored, T> _fromStored;

    public ConvertedCodec(string name, DataViewType type, Func<T, TStored> toStored, Func<TStored, T> fromStored)
        : base(name, type)
    {
        _stored = new PackedCodec<TStored>(name, type);
        _toStored = toStored;
        _fromStored = fromStored;
    }

    public override void Write(BinaryWriter writer, ReadOnlySpan<T> values)
    {
        foreach (var value in values)
        {
            _stored.Write(writer, [_toStored(value)]);
        }
    }

    public override T[] Read(BinaryReader reader, int count) =>
        Array.ConvertAll(_stored.Read(reader, count), stored => _fromStored(stored));
}
