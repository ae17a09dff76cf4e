using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>One tensor to write: its name, type, sizes, and an action that writes exactly its bytes.</summary>
internal sealed record TensorToWrite(string Name, StorageType Type, long[] Shape, Action<Stream> WriteBytes)
{
    /// <summary>The number of bytes that <see cref="WriteBytes"/> must write.</summary>
    public long ByteCount => checked(Shape.Aggregate(1L, (product, size) => checked(product * size)) * Type.Bits()) / 8;

    /// <summary>A tensor of floats, stored as F32, or as F16 or BF16 where these hold every element.</summary>
    public static TensorToWrite Floats(
        string name, long[] shape, ReadOnlyMemory<float> data, StorageType type = StorageType.F32) =>
        new(name, type, shape, stream => WriteFloats(stream, data.Span, type));

    /// <summary>A tensor of doubles, stored as F64.</summary>
    public static TensorToWrite Doubles(string name, long[] shape, ReadOnlyMemory<double> data) =>
        new(name, StorageType.F64, shape, stream => stream.Write(MemoryMarshal.AsBytes(data.Span)));

    /// <summary>A tensor of a checkpoint, its bytes as they are stored, possibly under another name.</summary>
    public static TensorToWrite Copy(StoredTensor tensor, string? name = null) =>
        new(name ?? tensor.Name, tensor.Type, tensor.Shape.ToArray(), tensor.WriteBytesTo);

    private static void WriteFloats(Stream stream, ReadOnlySpan<float> data, StorageType type)
    {
        if (type == StorageType.F32)
        {
            stream.Write(MemoryMarshal.AsBytes(data));
            return;
        }

        var halves = new ushort[data.Length];
        for (var i = 0; i < halves.Length; i++)
        {
            halves[i] = type == StorageType.F16
                ? BitConverter.HalfToUInt16Bits((Half)data[i])
                : (ushort)(BitConverter.SingleToUInt32Bits(data[i]) >> 16);
        }

        stream.Write(MemoryMarshal.AsBytes<ushort>(halves));
    }
}

/// <summary>Writes safetensors files: the same tensors give the same bytes, in whatever order they come.</summary>
internal static class SafetensorsWriter
{
    private static readonly JsonWriterOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a file and moves it into place.</summary>
    public static void Write(
        string path, IEnumerable<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, tensors, metadata));

    /// <summary>Writes header and tensors, wider elements first, then by name (so all stay aligned).</summary>
    /// <exception cref="ArgumentException">Two tensors have one name, or one wrote another number of bytes.</exception>
    public static void Write(
        Stream stream, IEnumerable<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        TensorToWrite[] sorted =
        [
            .. tensors.OrderByDescending(tensor => tensor.Type.Bits()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal),
        ];
        if (sorted.Select(tensor => tensor.Name).Distinct(StringComparer.Ordinal).Count() != sorted.Length)
        {
            throw new ArgumentException("Two tensors have one name.", nameof(tensors));
        }

        var header = BuildHeader(sorted, metadata);
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
        stream.Write(prefix);
        stream.Write(header);
        foreach (var tensor in sorted)
        {
            var counted = new CountingStream(stream);
            tensor.WriteBytes(counted);
            if (counted.Count != tensor.ByteCount)
            {
                throw new ArgumentException($"Tensor {Throw.Quote(tensor.Name)} wrote {counted.Count} bytes, not {tensor.ByteCount}.", nameof(tensors));
            }
        }
    }

    private static byte[] BuildHeader(TensorToWrite[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, _json))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            WriteEntries(json, tensors);
            json.WriteEndObject();
        }

        // Spaces up to a multiple of 8 keep the data aligned.
        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static void WriteEntries(Utf8JsonWriter json, TensorToWrite[] tensors)
    {
        long position = 0;
        foreach (var tensor in tensors)
        {
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.Type.Name());
            json.WriteStartArray("shape");
            foreach (var size in tensor.Shape)
            {
                json.WriteNumberValue(size);
            }

            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(position);
            position = checked(position + tensor.ByteCount);
            json.WriteNumberValue(position);
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }
}
