using System.Buffers.Binary;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>A safetensors file, its header checked, its tensors read in place.</summary>
internal sealed class SafetensorsFile : WeightSource
{
    private readonly MappedMemory _memory;
    private readonly Dictionary<string, StoredTensor> _tensors;

    private SafetensorsFile(
        string file, MappedMemory memory, Dictionary<string, StoredTensor> tensors, SafetensorsHeader header)
    {
        Description = file;
        Metadata = header.Metadata;
        _memory = memory;
        _tensors = tensors;
    }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file by its path.</summary>
    public static SafetensorsFile Open(string path) => Open(MappedMemory.OpenFile(path), path);

    /// <summary>Reads a file's bytes where they lie; the memory is disposed with the result.</summary>
    /// <param name="memory">The whole file.</param>
    /// <param name="file">Its name for messages.</param>
    /// <exception cref="InvalidDataException">The header is damaged; the message says how.</exception>
    public static SafetensorsFile Open(MappedMemory memory, string file)
    {
        try
        {
            if (memory.Length < SafetensorsHeader.PrefixBytes)
            {
                Throw.InvalidData_File(file, $"the file has {memory.Length} bytes, too few for a safetensors file. It is truncated.");
            }

            var length = ReadHeaderLength(memory, file);
            var start = SafetensorsHeader.PrefixBytes + (long)length;
            using var json = memory.Borrow(SafetensorsHeader.PrefixBytes, length);
            var header = SafetensorsHeader.Parse(json.Span, memory.Length - start, file);
            var tensors = new Dictionary<string, StoredTensor>(header.Entries.Count, StringComparer.Ordinal);
            foreach (var entry in header.Entries)
            {
                tensors.Add(entry.Name, new StoredTensor(entry.Name, entry.Type, entry.Shape, file, memory, start + entry.Begin));
            }

            return new SafetensorsFile(file, memory, tensors, header);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override StoredTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _memory.Dispose();

    private static int ReadHeaderLength(MappedMemory memory, string file)
    {
        using var prefix = memory.Borrow(0, SafetensorsHeader.PrefixBytes);
        return SafetensorsHeader.CheckLength(BinaryPrimitives.ReadUInt64LittleEndian(prefix.Span), memory.Length, file);
    }
}
