using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Checkpoints.Pickle;

/// <summary>
/// Where the entries of a zip file lie. Only stored (uncompressed) entries are taken, as PyTorch writes them, so that
/// they can be read in place and none can grow.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint LocalHeader = 0x04034B50;
    private const uint CentralHeader = 0x02014B50;
    private const uint EndRecord = 0x06054B50;
    private const uint Zip64End = 0x06064B50;
    private const uint Zip64Locator = 0x07064B50;
    private const ushort Zip64Extra = 1;
    private const int LocalHeaderBytes = 30;
    private const int CentralHeaderBytes = 46;
    private const int EndRecordBytes = 22;
    private const int Zip64LocatorBytes = 20;
    private const int Zip64EndBytes = 56;
    private const int MaxDirectoryBytes = 1 << 26;

    private readonly Dictionary<string, (long Offset, long Length)> _entries = new(StringComparer.Ordinal);
    private readonly MappedMemory _memory;
    private readonly string _file;

    /// <summary>Reads the directory of a file in memory.</summary>
    /// <exception cref="InvalidDataException">The zip file is damaged, or an entry is compressed.</exception>
    public ZipDirectory(MappedMemory memory, string file)
    {
        _memory = memory;
        _file = file;
        var (offset, length) = FindDirectory();
        if (length > MaxDirectoryBytes)
        {
            Damaged("its directory is absurdly large");
        }

        using var directory = Borrow(offset, length);
        ReadEntries(directory.Span);
    }

    /// <summary>Gets the names of the entries.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>Where an entry's content lies in the file; false when there is no such entry.</summary>
    public bool TryFind(string name, out (long Offset, long Length) place) => _entries.TryGetValue(name, out place);

    private (long Offset, long Length) FindDirectory()
    {
        var tailLength = (int)Math.Min(_memory.Length, EndRecordBytes + ushort.MaxValue);
        var tailStart = _memory.Length - tailLength;
        using var tail = Borrow(tailStart, tailLength);
        for (var place = tailLength - EndRecordBytes; place >= 0; place--)
        {
            var record = tail.Span[place..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(record) == EndRecord)
            {
                long length = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
                long offset = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
                var isZip64 = length == uint.MaxValue || offset == uint.MaxValue
                    || BinaryPrimitives.ReadUInt16LittleEndian(record[10..]) == ushort.MaxValue;
                return isZip64 ? FindZip64Directory(tailStart + place - Zip64LocatorBytes) : (offset, length);
            }
        }

        Damaged("it has no directory at its end; it is truncated");
        return default;
    }

    private (long Offset, long Length) FindZip64Directory(long locatorOffset)
    {
        using var locator = Borrow(locatorOffset, Zip64LocatorBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator.Span) != Zip64Locator)
        {
            Damaged("its 64-bit directory is missing");
        }

        using var record = Borrow(ToOffset(BinaryPrimitives.ReadUInt64LittleEndian(locator.Span[8..])), Zip64EndBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record.Span) != Zip64End)
        {
            Damaged("its 64-bit directory is missing");
        }

        return (
            ToOffset(BinaryPrimitives.ReadUInt64LittleEndian(record.Span[48..])),
            ToOffset(BinaryPrimitives.ReadUInt64LittleEndian(record.Span[40..])));
    }

    private void ReadEntries(ReadOnlySpan<byte> directory)
    {
        while (directory.Length >= CentralHeaderBytes && BinaryPrimitives.ReadUInt32LittleEndian(directory) == CentralHeader)
        {
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[28..]);
            int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[30..]);
            int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[32..]);
            var size = CentralHeaderBytes + nameLength + extraLength + commentLength;
            if (size > directory.Length)
            {
                break;
            }

            var name = Encoding.UTF8.GetString(directory.Slice(CentralHeaderBytes, nameLength));
            AddEntry(name, directory, directory.Slice(CentralHeaderBytes + nameLength, extraLength));
            directory = directory[size..];
        }

        if (!directory.IsEmpty)
        {
            Damaged("its directory ends within an entry");
        }
    }

    private void AddEntry(string name, ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra)
    {
        ulong length = BinaryPrimitives.ReadUInt32LittleEndian(header[24..]);
        ulong stored = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
        ulong offset = BinaryPrimitives.ReadUInt32LittleEndian(header[42..]);
        ReadZip64Extra(extra, ref length, ref stored, ref offset);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[10..]) != 0 || length != stored)
        {
            Throw.InvalidData_File(_file, $"the entry {Throw.Quote(name)} is compressed; PyTorch stores entries as they are.");
        }

        var start = ToOffset(offset);
        using var local = Borrow(start, LocalHeaderBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(local.Span) != LocalHeader)
        {
            Damaged($"the entry {Throw.Quote(name)} is not where the directory says");
        }

        var data = start + LocalHeaderBytes + BinaryPrimitives.ReadUInt16LittleEndian(local.Span[26..])
            + BinaryPrimitives.ReadUInt16LittleEndian(local.Span[28..]);
        if (data > _memory.Length || length > (ulong)(_memory.Length - data))
        {
            Damaged($"the entry {Throw.Quote(name)} goes beyond the file's end");
        }

        if (!_entries.TryAdd(name, (data, (long)length)))
        {
            Damaged($"the entry {Throw.Quote(name)} stands twice");
        }
    }

    // Of the three values, the extra field holds those that did not fit into 32 bits, in this order.
    private static void ReadZip64Extra(ReadOnlySpan<byte> extra, ref ulong length, ref ulong stored, ref ulong offset)
    {
        while (extra.Length >= 4)
        {
            int size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (size > extra.Length - 4)
            {
                return;
            }

            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == Zip64Extra)
            {
                var content = extra.Slice(4, size);
                Take(ref content, ref length);
                Take(ref content, ref stored);
                Take(ref content, ref offset);
                return;
            }

            extra = extra[(4 + size)..];
        }

        static void Take(ref ReadOnlySpan<byte> content, ref ulong value)
        {
            if (value == uint.MaxValue && content.Length >= sizeof(ulong))
            {
                value = BinaryPrimitives.ReadUInt64LittleEndian(content);
                content = content[sizeof(ulong)..];
            }
        }
    }

    private long ToOffset(ulong value)
    {
        if (value > (ulong)_memory.Length)
        {
            Damaged("its directory points beyond the file's end");
        }

        return (long)value;
    }

    private BorrowedBytes Borrow(long offset, long length)
    {
        if (offset < 0 || length > int.MaxValue || offset > _memory.Length - length)
        {
            Damaged("it ends too early; it is truncated");
        }

        return _memory.Borrow(offset, (int)length);
    }

    private void Damaged(string how) => Throw.InvalidData_File(_file, $"the zip file is damaged: {how}.");
}
