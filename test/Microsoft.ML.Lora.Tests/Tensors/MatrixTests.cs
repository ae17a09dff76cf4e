using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tensors;

public unsafe class MatrixTests
{
    [Fact]
    public void BuffersAreZeroAndAligned()
    {
        foreach (var length in new[] { 0, 1, 17, 100_000 })
        {
            using var buffer = new AlignedBuffer(length);
            Assert.Equal(0, (nint)buffer.Pointer % AlignedBuffer.Alignment);
            Assert.Equal(length, buffer.Span.Length);
            Assert.Equal(-1, buffer.Span.IndexOfAnyExcept(0f));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new AlignedBuffer(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AlignedBuffer(long.MaxValue));
    }

    [Fact]
    public void ViewsStayInsideTheirBuffer()
    {
        using var buffer = new AlignedBuffer(20);
        Assert.Equal(5, buffer.AsMatrix(4, 5).Columns);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsMatrix(4, 5, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsMatrix(4, 5, 6, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsMatrix(2, 5, 4, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsMatrix(4, 5).SliceRows(3, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.AsMatrix(4, 5).SliceColumns(-1, 2));
    }

    [Fact]
    public void SlicesSeeTheirPart()
    {
        using var buffer = new AlignedBuffer(24);
        var matrix = buffer.AsMatrix(4, 5, 6, 0);
        for (var i = 0; i < 24; i++)
        {
            buffer.Span[i] = i;
        }

        var part = matrix.SliceRows(1, 2).SliceColumns(2, 3);
        Assert.Equal([8, 9, 10], part[0].ToArray());
        Assert.Equal([14, 15, 16], part[1].ToArray());
        Assert.False(part.IsDense);
        Assert.Throws<InvalidOperationException>(() => part.Span.Length);
        part.Clear();
        Assert.Equal(7, buffer.Span[7]);
        Assert.Equal(11, buffer.Span[11]);
        Assert.Equal(0, buffer.Span[15]);
        Assert.Throws<ArgumentException>(() => part.CopyTo(matrix));
        Assert.True(default(Matrix).IsEmpty);
    }

    [Fact]
    public void HalfPrecisionNumbersWidenExactly()
    {
        var words = Enumerable.Range(0, 65536 + 3).Select(i => (ushort)i).ToArray();
        var bytes = words.SelectMany(BitConverter.GetBytes).ToArray();
        var wide = new float[words.Length];
        Widen.Float16(bytes, wide);
        for (var i = 0; i < words.Length; i++)
        {
            var expected = (float)BitConverter.UInt16BitsToHalf(words[i]);
            Assert.True(
                float.IsNaN(expected) ? float.IsNaN(wide[i]) : BitConverter.SingleToInt32Bits(expected)
                    == BitConverter.SingleToInt32Bits(wide[i]), $"{words[i]:x4}: {wide[i]}, expected {expected}");
        }

        Widen.BFloat16(bytes, wide);
        Assert.All(Enumerable.Range(0, words.Length), i => Assert.Equal(
            (uint)words[i] << 16, BitConverter.SingleToUInt32Bits(wide[i])));
        Assert.Throws<ArgumentException>(() => Widen.Float16(bytes, wide.AsSpan(1)));
    }
}
