using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tensors;

public sealed class AlignedBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(3_000_001)]
    [InlineData(9_000_000)]
    public void A_buffer_is_zero_aligned_and_writable_to_its_end(long length)
    {
        using var buffer = new AlignedBuffer(length);

        Assert.Equal(length, buffer.Span.Length);
        Assert.True(buffer.Span.IndexOfAnyExcept(0f) < 0);
        Assert.Equal(0, Address(buffer) % AlignedBuffer.Alignment);
        buffer.Span.Fill(1);
    }

    [Fact]
    public void Memory_that_was_used_before_comes_back_zeroed()
    {
        using var keeper = new AlignedBuffer(50_000);
        for (int round = 0; round < 40; round++)
        {
            using var buffer = new AlignedBuffer(200_000 + (round * 7_000));
            Assert.True(buffer.Span.IndexOfAnyExcept(0f) < 0, $"round {round}");
            buffer.Span.Fill(float.NaN);
        }
    }

    [Fact]
    public void Neighbours_do_not_overlap_whatever_the_order_they_are_disposed_in()
    {
        var random = new Random(5);
        var held = new List<(AlignedBuffer Buffer, float Mark)>();
        for (int round = 0; round < 400; round++)
        {
            var buffer = new AlignedBuffer(random.Next(1, 400_000));
            buffer.Span.Fill(round);
            held.Add((buffer, round));
            if (held.Count > 12)
            {
                (AlignedBuffer old, float mark) = held[random.Next(held.Count)];
                Assert.True(old.Span.IndexOfAnyExcept(mark) < 0, $"round {round}");
                held.Remove((old, mark));
                old.Dispose();
            }
        }

        Assert.All(held, pair => Assert.True(pair.Buffer.Span.IndexOfAnyExcept(pair.Mark) < 0));
        held.ForEach(pair => pair.Buffer.Dispose());
    }

    private static unsafe long Address(AlignedBuffer buffer) => (long)buffer.Pointer;
}
