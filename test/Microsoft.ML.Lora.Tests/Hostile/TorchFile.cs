using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.Lora.Tests.Hostile;

/// <summary>Builds files as <c>torch.save</c> does, right ones and wrong ones.</summary>
internal static class TorchFile
{
    /// <summary>A zip file with a pickle and one storage <c>data/0</c>.</summary>
    public static byte[] Zip(byte[] pickle, byte[]? storage = null, CompressionLevel level = CompressionLevel.NoCompression)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(archive, "archive/data.pkl", pickle, level);
            Add(archive, "archive/data/0", storage ?? new byte[16], level);
            Add(archive, "archive/version", "3\n"u8.ToArray(), level);
        }

        return stream.ToArray();
    }

    /// <summary>A zip file as <c>torch.save</c> writes a model's tensors, each with a storage of its own.</summary>
    public static byte[] StateDict(IReadOnlyList<(string Name, int[] Shape, float[] Values)> tensors)
    {
        var operations = new StringBuilder("}");
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (int i = 0; i < tensors.Count; i++)
            {
                (string name, int[] shape, float[] values) = tensors[i];
                string key = i.ToString("D2", System.Globalization.CultureInfo.InvariantCulture);
                string strides = string.Concat(shape.Select((_, axis) => Number(shape[(axis + 1)..].Aggregate(1, (a, b) => a * b))));
                operations.Append($"X{Bytes(name.Length)}{name}ctorch._utils\n_rebuild_tensor_v2\n(")
                    .Append($"(X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0002\0\0\0{key}X\u0003\0\0\0cpu{Number(values.Length)}tQ")
                    .Append($"K\0({string.Concat(shape.Select(Number))}t({strides}t\u0089ccollections\nOrderedDict\n)RtRs");
                Add(archive, $"archive/data/{key}", MemoryMarshal.AsBytes<float>(values).ToArray(), CompressionLevel.NoCompression);
            }

            Add(archive, "archive/data.pkl", Pickle(operations.Append('.').ToString()), CompressionLevel.NoCompression);
            Add(archive, "archive/version", "3\n"u8.ToArray(), CompressionLevel.NoCompression);
        }

        return stream.ToArray();

        static string Number(int value) => "J" + Bytes(value);

        static string Bytes(int value) => Encoding.Latin1.GetString(BitConverter.GetBytes(value));
    }

    /// <summary>A pickle of {"a": a tensor of these sizes and strides at an offset of storage "0" with 4 floats}.</summary>
    public static byte[] Tensor(string sizes = "K\u0002K\u0002\u0086", string strides = "K\u0002K\u0001\u0086", string offset = "K\0") => Pickle(
        "}X\u0001\0\0\0a"
        + "ctorch._utils\n_rebuild_tensor_v2\n(" + Storage()
        + offset + sizes + strides + "\u0089ccollections\nOrderedDict\n)RtR"
        + "s.");

    /// <summary>The persistent id of storage "0".</summary>
    public static string Storage(string type = "FloatStorage", string count = "K\u0004", string key = "0") =>
        "(X\u0007\0\0\0storagectorch\n" + type + "\nX\u0001\0\0\0" + key + "X\u0003\0\0\0cpu" + count + "tQ";

    /// <summary>The bytes of operations written as Latin-1 text, after the protocol.</summary>
    public static byte[] Pickle(string operations) => Encoding.Latin1.GetBytes("\u0080\u0002" + operations);

    private static void Add(ZipArchive archive, string name, byte[] content, CompressionLevel level)
    {
        using var entry = archive.CreateEntry(name, level).Open();
        entry.Write(content);
    }
}
