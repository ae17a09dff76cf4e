using System.Globalization;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tensors;

public class MappedMemoryTests
{
    private const int Length = 4 << 20;

    [Fact]
    public void ReleasedBytesAreReadAgain()
    {
        using var folder = new TemporaryFolder();
        using MappedMemory memory = MappedMemory.OpenFile(WriteFile(folder, out byte[] expected));
        var bytes = new byte[Length];
        for (int round = 0; round < 2; round++)
        {
            memory.CopyTo(0, bytes);
            Assert.Equal(expected, bytes);
            memory.Release(100, Length - 100);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Release(1, Length));
    }

    [SkippableFact]
    public void ReleasedPagesLeaveTheProcess()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Pages are given back on Linux alone.");
        using var folder = new TemporaryFolder();
        string path = WriteFile(folder, out _);
        using MappedMemory memory = MappedMemory.OpenFile(path);
        memory.CopyTo(0, new byte[Length]);
        Assert.Equal(Length, ResidentBytes(path));
        memory.Release(0, Length / 2);
        Assert.Equal(Length / 2, ResidentBytes(path));
    }

    [Fact]
    public void AnArrayKeepsItsBytes()
    {
        byte[] bytes = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];
        using MappedMemory memory = MappedMemory.FromArray([.. bytes]);
        memory.Release(0, bytes.Length);
        var read = new byte[bytes.Length];
        memory.CopyTo(0, read);
        Assert.Equal(bytes, read);
    }

    private static string WriteFile(TemporaryFolder folder, out byte[] bytes)
    {
        string path = Path.Combine(folder.Path, "file.bin");
        bytes = new byte[Length];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static long ResidentBytes(string path)
    {
        string line = File.ReadLines("/proc/self/smaps").SkipWhile(text => !text.EndsWith(path, StringComparison.Ordinal))
            .First(text => text.StartsWith("Rss:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
