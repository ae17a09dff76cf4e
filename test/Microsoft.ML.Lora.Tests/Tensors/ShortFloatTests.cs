using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tensors;

[Collection(KernelTests.Name)]
public unsafe class ShortFloatTests
{
    private static readonly float[] _small =
    [
        .. Enumerable.Range(0, 1 << 16).Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))
            .Where(value => MathF.Abs(value) < ShortFloat.Limit),
    ];

    [Fact]
    public void EveryHalfBelowTheLimitComesBackAsItWas()
    {
        ushort[] narrow = Narrow(_small);
        Assert.Equal(
            Array.ConvertAll(_small, BitConverter.SingleToUInt32Bits),
            Array.ConvertAll(narrow, value => BitConverter.SingleToUInt32Bits(ShortFloat.Widen(value))));
        Assert.Equal(_small.Length, narrow.Distinct().Count());
    }

    [Fact]
    public void EveryInstructionSetWidensThemExactly() => KernelTests.OnEverySet(() =>
    {
        var widened = new float[_small.Length];
        fixed (ushort* source = Narrow(_small))
        fixed (float* destination = widened)
        {
            var kernel = new WidenAll { Source = source, Destination = destination, Count = widened.Length };
            KernelSelector.Run(ref kernel);
        }

        Assert.Equal(
            Array.ConvertAll(_small, BitConverter.SingleToUInt32Bits), Array.ConvertAll(widened, BitConverter.SingleToUInt32Bits));
    });

    [Fact]
    public void OneNumberFromTheLimitOnIsFound()
    {
        Half[] halves = [.. Enumerable.Range(0, 100).Select(i => (Half)(i - 50))];
        Assert.True(Widen.AreSmall(MemoryMarshal.AsBytes<Half>(halves)));
        foreach (Half large in new[] { (Half)128, (Half)(-128), Half.MaxValue, Half.NegativeInfinity, Half.NaN })
        {
            foreach (int place in new[] { 0, 37, 95, 99 })
            {
                Half[] changed = [.. halves];
                changed[place] = large;
                Assert.False(Widen.AreSmall(MemoryMarshal.AsBytes<Half>(changed)));
            }
        }
    }

    private static ushort[] Narrow(float[] values)
    {
        var narrow = new ushort[values.Length];
        fixed (float* source = values)
        fixed (ushort* destination = narrow)
        {
            ShortFloat.Narrow(source, destination, values.Length);
        }

        return narrow;
    }

    private struct WidenAll : ISimdKernel
    {
        public ushort* Source;
        public float* Destination;
        public int Count;

        public readonly void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            Assert.Equal(0, Count % S.Count);
            for (int i = 0; i < Count; i += S.Count)
            {
                S.Store(Destination + i, S.WidenShort(Source + i));
            }
        }
    }
}
