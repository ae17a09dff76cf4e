using System.IO.Compression;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data.IO;

/// <summary>Writes and reads a schema in the form of a binary view without rows.</summary>
internal sealed class SchemaFile
{
    private const ulong Signature = 0x00425644004C4D43UL;
    private const ulong TailSignature = 0x434D4C0044564200UL;
    private const ulong FileVersion = 0x0001000100010006UL;
    private const int HeaderSize = 256;
    private const int RowsPerBlock = 1;

    private readonly IHostEnvironment _env;
    private readonly IHost _host;
    private readonly ValueCodecs _codecs;

    private SchemaFile(IHostEnvironment env, IHost host)
    {
        _env = env;
        _host = host;
        _codecs = new ValueCodecs(host);
    }

    private enum Compression : byte
    {
        None = 0,
        Deflate = 1,
    }

    public static void Write(IHostEnvironment env, Stream stream, DataViewSchema schema)
    {
        var host = env.Register("BinarySaver");
        using var channel = host.Start("Saving");
        var rows = new EmptyDataView(env, schema);
        // As for a view with rows, which is looked at to size its blocks before it is written.
        ReadAll(rows);
        ReadAll(rows);
        using var writing = host.Start("Write");
        new SchemaFile(env, host).Write(stream, schema);
    }

    public static DataViewSchema Read(IHostEnvironment env, Stream stream)
    {
        var host = env.Register("BinaryLoader");
        using var channel = host.Start("Initializing");
        var schema = new SchemaFile(env, host).Read(stream);
        channel.Trace(MessageSensitivity.None, "Implicit shuffle will have pool size 0");
        return schema;
    }

    private static void ReadAll(IDataView view)
    {
        using var cursor = view.GetRowCursor(view.Schema);
        while (cursor.MoveNext())
        {
        }
    }

    private void Write(Stream stream, DataViewSchema schema)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(new byte[HeaderSize]);
        var columns = new List<(DataViewSchema.Column Column, ValueCodec Codec, long Annotations)>();
        foreach (var column in schema)
        {
            if (_codecs.TryGetCodec(column.Type, out var codec))
            {
                columns.Add((column, codec, WriteAnnotations(writer, column)));
            }
        }

        var tableOffset = Position(writer);
        foreach (var (column, codec, annotations) in columns)
        {
            writer.Write(column.Name);
            codec.WriteDefinition(writer);
            writer.Write((byte)Compression.Deflate);
            writer.Write7BitEncodedInt(RowsPerBlock);
            writer.Write((long)HeaderSize);
            writer.Write(annotations);
        }

        var tailOffset = Position(writer);
        writer.Write(TailSignature);
        var end = Position(writer);
        stream.Position = 0;
        WriteHeader(writer, tableOffset, tailOffset, columns.Count);
        stream.Position = end;
    }

    private static void WriteHeader(BinaryWriter writer, long tableOffset, long tailOffset, int columns)
    {
        writer.Write(Signature);
        writer.Write(FileVersion);
        writer.Write(FileVersion);
        writer.Write(tableOffset);
        writer.Write(tailOffset);
        writer.Write(0L);
        writer.Write(columns);
        writer.Flush();
    }

    private long WriteAnnotations(BinaryWriter writer, DataViewSchema.Column column)
    {
        var blocks = new List<(string Kind, ValueCodec Codec, Compression Compression, long Offset, int Size)>();
        foreach (var annotation in column.Annotations.Schema)
        {
            if (!_codecs.TryGetCodec(annotation.Type, out var codec))
            {
                continue;
            }

            var (bytes, compression) = MakeBlock(codec, column.Annotations.GetGetterInternal(annotation.Index));
            blocks.Add((annotation.Name, codec, compression, Position(writer), bytes.Length));
            writer.Write(bytes);
        }

        if (blocks.Count == 0)
        {
            return 0;
        }

        var offset = Position(writer);
        writer.Write7BitEncodedInt(blocks.Count);
        foreach (var block in blocks)
        {
            writer.Write(block.Kind);
            block.Codec.WriteDefinition(writer);
            writer.Write((byte)block.Compression);
            writer.Write(block.Offset);
            writer.Write7BitEncodedInt64(block.Size);
        }

        return offset;
    }

    private static (byte[] Bytes, Compression Compression) MakeBlock(ValueCodec codec, Delegate getter)
    {
        using var plain = new MemoryStream();
        using (var writer = new BinaryWriter(plain, Encoding.UTF8, leaveOpen: true))
        {
            codec.WriteOne(writer, getter);
        }

        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            deflate.Write(plain.ToArray());
        }

        return packed.Length < plain.Length
            ? (packed.ToArray(), Compression.Deflate)
            : (plain.ToArray(), Compression.None);
    }

    private DataViewSchema Read(Stream stream)
    {
        if (stream.Length < HeaderSize)
        {
            throw _env.ExceptDecode(
                $"Read only {stream.Length} bytes in file, expected header size of {HeaderSize}");
        }

        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        _env.CheckDecode(reader.ReadUInt64() == Signature, "Not a binary data view: wrong signature");
        reader.ReadUInt64();
        _env.CheckDecode(reader.ReadUInt64() <= FileVersion, "Binary data view of a version that is too new");
        var tableOffset = reader.ReadInt64();
        var tailOffset = reader.ReadInt64();
        reader.ReadInt64();
        var count = reader.ReadInt32();
        _env.CheckDecode(tailOffset == stream.Length - sizeof(ulong) && tableOffset >= HeaderSize
            && tableOffset <= tailOffset && count >= 0, "Corrupt binary data view header");
        stream.Position = tailOffset;
        _env.CheckDecode(reader.ReadUInt64() == TailSignature, "Incorrect tail signature of a binary data view");

        stream.Position = tableOffset;
        var columns = new List<(string Name, DataViewType Type, long Annotations)>();
        for (var i = 0; i < count; i++)
        {
            var name = reader.ReadString();
            var known = _codecs.TryReadCodec(reader, out var codec);
            CheckCompression(reader.ReadByte());
            reader.Read7BitEncodedInt();
            reader.ReadInt64();
            var annotations = reader.ReadInt64();
            if (known)
            {
                columns.Add((name, codec.Type, annotations));
            }
        }

        return SchemaExtensions.MakeSchema(columns.Select(column => new DataViewSchema.DetachedColumn(
            column.Name, column.Type, ReadAnnotations(reader, column.Annotations))).ToArray());
    }

    private DataViewSchema.Annotations ReadAnnotations(BinaryReader reader, long offset)
    {
        if (offset == 0)
        {
            return null;
        }

        using var channel = _host.Start("Metadata TOC Read");
        _env.CheckDecode(offset >= HeaderSize && offset < reader.BaseStream.Length, "Corrupt annotations offset");
        reader.BaseStream.Position = offset;
        var builder = new DataViewSchema.Annotations.Builder();
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            var kind = reader.ReadString();
            var known = _codecs.TryReadCodec(reader, out var codec);
            var compression = CheckCompression(reader.ReadByte());
            var block = reader.ReadInt64();
            var size = reader.Read7BitEncodedInt64();
            if (!known)
            {
                continue;
            }

            var next = reader.BaseStream.Position;
            builder.Add(kind, codec.Type, ReadBlock(reader, codec, compression, block, size));
            reader.BaseStream.Position = next;
        }

        return builder.ToAnnotations();
    }

    private Delegate ReadBlock(BinaryReader reader, ValueCodec codec, Compression compression, long offset, long size)
    {
        _env.CheckDecode(offset >= HeaderSize && size >= 0 && size <= reader.BaseStream.Length - offset,
            "Corrupt annotation block");
        reader.BaseStream.Position = offset;
        Stream content = new MemoryStream(reader.ReadBytes((int)size));
        if (compression == Compression.Deflate)
        {
            var plain = new MemoryStream();
            using (var deflate = new DeflateStream(content, CompressionMode.Decompress))
            {
                deflate.CopyTo(plain);
            }

            plain.Position = 0;
            content = plain;
        }

        using var blockReader = new BinaryReader(content, Encoding.UTF8);
        return codec.ReadOne(blockReader);
    }

    private Compression CheckCompression(byte kind)
    {
        _env.CheckDecode(kind <= (byte)Compression.Deflate, "Unknown compression kind of a binary data view");
        return (Compression)kind;
    }

    private static long Position(BinaryWriter writer)
    {
        writer.Flush();
        return writer.BaseStream.Position;
    }
}
