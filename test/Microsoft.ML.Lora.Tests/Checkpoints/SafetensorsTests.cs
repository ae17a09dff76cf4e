using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Checkpoints;

public class SafetensorsTests
{
    private const string OneTensor = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        using var stream = new MemoryStream();
        float[] data = [1, -2, 3.5f, float.MaxValue, float.Epsilon, 0];

        SafetensorsWriter.Write(
            stream,
            [TensorToWrite.Floats("b.ü", [2, 3], data), TensorToWrite.Floats("empty", [0, 4], default), TensorToWrite.Floats("a", [], data.AsMemory(2, 1))],
            new Dictionary<string, string> { ["format"] = "pt" });
        using var file = SafetensorsFile.Open(MappedMemory.FromArray(stream.ToArray()), "test");

        Assert.Equal(["a", "b.ü", "empty"], file.Names.Order());
        Assert.Equal(data, file.Find("b.ü")!.ToArray());
        Assert.Equal([3.5f], file.Find("a")!.ToArray());
        Assert.Empty(file.Find("empty")!.ToArray());
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Null(file.Find("c"));
    }

    [SkippableFact]
    public void CopyingEveryTensorGivesTheSameData()
    {
        var path = Shared.Require("models/tiny/tiny-bert/model.safetensors");
        using var original = SafetensorsFile.Open(path);
        using var stream = new MemoryStream();

        SafetensorsWriter.Write(stream, original.Names.Select(name => TensorToWrite.Copy(original.Find(name)!)), original.Metadata);

        Assert.Equal(File.ReadAllBytes(path), stream.ToArray());
    }

    [Fact]
    public void TensorsOutliveNothing()
    {
        var file = SafetensorsFile.Open(MappedMemory.FromArray(Build(OneTensor, 8)), "test");
        var tensor = file.Find("a")!;
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => tensor.ToArray());
    }

    [Theory]
    [InlineData(OneTensor, 4, "truncated")]
    [InlineData(OneTensor, 12, "belong to no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-9223372036854775808,-9223372036854775800]}}""", 8, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551616]}}""", 8, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0.0,8e0]}}""", 8, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775799,9223372036854775807]}}""", 8, "gap")]
    [InlineData("""{"a":{"dtype":"X1","shape":[2],"data_offsets":[0,8]}}""", 8, "unknown dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,8],"data_offsets":[0,8]}}""", 8, "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,0],"data_offsets":[0,0]}}""", 0, "does not fill")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "twice")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "twice")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "lacks")]
    [InlineData("""{"a":[]}""", 0, "StartObject")]
    [InlineData("""{"__metadata__":{"x":1}}""", 0, "String")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", 8, "JSON")]
    [InlineData("""{"a":{"x":[[[[[[[[[[[[]]]]]]]]]]]]}}""", 0, "JSON")]
    [InlineData("""[]""", 0, "'{'")]
    [InlineData("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}""", 1, "does not fill")]
    public void DamagedHeadersAreRefused(string header, int dataBytes, string expected)
    {
        var error = Assert.Throws<InvalidDataException>(
            () => SafetensorsFile.Open(MappedMemory.FromArray(Build(header, dataBytes)), "test.safetensors"));

        Assert.Contains("test.safetensors", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(long.MaxValue)]
    [InlineData(100_000_001)]
    [InlineData(1000)]
    public void AbsurdHeaderLengthsAreRefused(ulong length)
    {
        var bytes = Build(OneTensor, 8);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);

        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(MappedMemory.FromArray(bytes), "test"));
    }

    [Fact]
    public void AHeaderThatIsNoUtf8IsRefused()
    {
        var bytes = Build(OneTensor, 8);
        bytes[8 + OneTensor.IndexOf('a', StringComparison.Ordinal)] = 0xFF;

        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(MappedMemory.FromArray(bytes), "test"));
    }

    [Fact]
    public void ADeepHeaderIsRefused() => Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(
        MappedMemory.FromArray(Build("{\"a\":" + new string('[', 1_000_000) + new string(']', 1_000_000) + "}", 0)), "test"));

    private static byte[] Build(string header, int dataBytes)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)json.Length);
        json.CopyTo(bytes, 8);
        return bytes;
    }
}
