namespace Microsoft.ML.Data.IO;

/// <summary>Booleans, eight a byte, the first in the lowest bit.</summary>
internal sealed class BooleanCodec() : ValueCodec<bool>("Boolean", BooleanDataViewType.Instance)
{
    public override void Write(BinaryWriter writer, ReadOnlySpan<bool> values)
    {
        for (var start = 0; start < values.Length; start += 8)
        {
            var packed = 0;
            for (var i = start; i < Math.Min(start + 8, values.Length); i++)
            {
                packed |= values[i] ? 1 << (i - start) : 0;
            }

            writer.Write((byte)packed);
        }
    }

    public override bool[] Read(BinaryReader reader, int count)
    {
        CheckRoom(reader, (count + 7L) / 8, 1);
        var bytes = reader.ReadBytes((int)((count + 7L) / 8));
        var values = new bool[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = (bytes[i / 8] >> (i % 8) & 1) != 0;
        }

        return values;
    }
}

/// <summary>All offsets in minutes, then all clock times in ticks.</summary>
internal sealed class DateTimeOffsetCodec()
    : ValueCodec<DateTimeOffset>("DateTimeOffset", DateTimeOffsetDataViewType.Instance)
{
    public override void Write(BinaryWriter writer, ReadOnlySpan<DateTimeOffset> values)
    {
        foreach (var value in values)
        {
            writer.Write((short)value.Offset.TotalMinutes);
        }

        foreach (var value in values)
        {
            writer.Write(value.DateTime.Ticks);
        }
    }

    public override DateTimeOffset[] Read(BinaryReader reader, int count)
    {
        CheckRoom(reader, count, sizeof(short) + sizeof(long));
        var offsets = new short[count];
        for (var i = 0; i < count; i++)
        {
            offsets[i] = reader.ReadInt16();
        }

        var values = new DateTimeOffset[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = new DateTimeOffset(reader.ReadInt64(), TimeSpan.FromMinutes(offsets[i]));
        }

        return values;
    }
}

/// <summary>The end of each text in UTF-16 units, then all characters as one string.</summary>
internal sealed class TextCodec() : ValueCodec<ReadOnlyMemory<char>>("TextSpan", TextDataViewType.Instance)
{
    public override void Write(BinaryWriter writer, ReadOnlySpan<ReadOnlyMemory<char>> values)
    {
        writer.Write(values.Length);
        var end = 0;
        foreach (var value in values)
        {
            end += value.Length;
            writer.Write(end);
        }

        var all = new char[end];
        var position = 0;
        foreach (var value in values)
        {
            value.Span.CopyTo(all.AsSpan(position));
            position += value.Length;
        }

        writer.Write(new string(all));
    }

    public override ReadOnlyMemory<char>[] Read(BinaryReader reader, int count)
    {
        Runtime.Contracts.CheckDecode(reader.ReadInt32() == count, "Unexpected number of texts");
        CheckRoom(reader, count, sizeof(int));
        var ends = new int[count];
        for (var i = 0; i < count; i++)
        {
            ends[i] = reader.ReadInt32();
        }

        var all = reader.ReadString();
        var values = new ReadOnlyMemory<char>[count];
        for (var i = 0; i < count; i++)
        {
            var start = i == 0 ? 0 : ends[i - 1];
            Runtime.Contracts.CheckDecode(start <= ends[i] && ends[i] <= all.Length, "Corrupt boundaries of texts");
            values[i] = all.AsMemory(start, ends[i] - start);
        }

        return values;
    }
}

/// <summary>Keys, as their raw values.</summary>
internal sealed class KeyCodec<T> : ValueCodec<T>
{
    public const string LoadName = "Key2";

    private readonly ValueCodec<T> _raw;

    public KeyCodec(KeyDataViewType type, ValueCodec<T> raw) : base(LoadName, type)
    {
        _raw = raw;
    }

    public override void Write(BinaryWriter writer, ReadOnlySpan<T> values) => _raw.Write(writer, values);

    public override T[] Read(BinaryReader reader, int count) => _raw.Read(reader, count);

    protected override void WriteParameters(BinaryWriter writer)
    {
        _raw.WriteDefinition(writer);
        writer.Write(Type.GetKeyCount());
    }
}
