using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data.IO;

/// <summary>How values of a type lie in a file: a definition that names the codec, and blocks of values.</summary>
internal abstract class ValueCodec
{
    protected ValueCodec(string name, DataViewType type)
    {
        Name = name;
        Type = type;
    }

    public string Name { get; }

    public DataViewType Type { get; }

    /// <summary>Writes the definition: name, byte length of the parameters, parameters.</summary>
    public void WriteDefinition(BinaryWriter writer)
    {
        using var parameters = new MemoryStream();
        using (var inner = new BinaryWriter(parameters))
        {
            WriteParameters(inner);
        }

        var bytes = parameters.ToArray();
        writer.Write(Name);
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes);
    }

    /// <summary>Writes the value that a getter of the type gives, as a block of its own.</summary>
    public abstract void WriteOne(BinaryWriter writer, Delegate getter);

    /// <summary>Reads a block of one value and gives a getter for it.</summary>
    public abstract Delegate ReadOne(BinaryReader reader);

    protected virtual void WriteParameters(BinaryWriter writer)
    {
    }
}

/// <summary>A codec of values of one .NET type.</summary>
internal abstract class ValueCodec<T> : ValueCodec
{
    protected ValueCodec(string name, DataViewType type) : base(name, type)
    {
    }

    public abstract void Write(BinaryWriter writer, ReadOnlySpan<T> values);

    /// <summary>Reads a block of so many values.</summary>
    public abstract T[] Read(BinaryReader reader, int count);

    public override void WriteOne(BinaryWriter writer, Delegate getter)
    {
        T value = default;
        ((ValueGetter<T>)getter)(ref value);
        Write(writer, [value]);
    }

    public override Delegate ReadOne(BinaryReader reader)
    {
        var value = Read(reader, 1)[0];
        return (ValueGetter<T>)((ref T destination) => destination = value);
    }

    /// <summary>Refuses counts that the rest of the stream cannot hold, before anything is allocated.</summary>
    protected static void CheckRoom(BinaryReader reader, long count, long bytesEach) =>
        Contracts.CheckDecode(count >= 0
            && count * bytesEach <= reader.BaseStream.Length - reader.BaseStream.Position,
            "Unexpected end of a block of values");
}
