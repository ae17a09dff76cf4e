using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public unsafe class VectorMathTests(ITestOutputHelper output)
{
    private const int Count = 200_001;

    [Fact]
    public void ExpStaysWithinItsBound() => KernelTests.OnEverySet(() =>
    {
        var worst = Worst<ExpFunction>(-87, 88, Math.Exp, relative: true);
        Report("exp", worst, 1.2e-7);
    });

    [Fact]
    public void ExpOfExtremesIsZeroInfinityOrNaN() => KernelTests.OnEverySet(() =>
    {
        float[] x = [float.NegativeInfinity, -200, -103.9f, 0, 88.8f, float.PositiveInfinity, float.NaN];
        var y = Evaluate<ExpFunction>(x);
        Assert.Equal([0, 0], y[..2]);
        Assert.Equal(float.Epsilon, y[2]);
        Assert.Equal([1, float.PositiveInfinity, float.PositiveInfinity, float.NaN], y[3..]);
    });

    [Fact]
    public void TanhStaysWithinItsBound() => KernelTests.OnEverySet(() =>
        Report("tanh", Worst<TanhFunction>(-12, 12, Math.Tanh, relative: true), 1.5e-7));

    [Fact]
    public void NormalShareStaysWithinItsBound() => KernelTests.OnEverySet(() =>
    {
        static double Share(double x) => 0.5 * (1 + ReferenceMath.Erf(x / Math.Sqrt(2)));
        Report("share", Worst<ShareFunction>(-14, 14, Share, relative: false), 2.1e-7);
    });

    [Theory]
    [InlineData(1, 1.4e-7, 2.3e-7)]
    [InlineData(2, 1.6e-7, 2e-6)]
    [InlineData(3, 0, 0)]
    [InlineData(4, 1.6e-7, 5.2e-7)]
    [InlineData(5, 1e-7, 1.9e-7)]
    public void ActivationsStayWithinTheirBounds(int activation, double value, double slope) => KernelTests.OnEverySet(() =>
    {
        var kind = (Activation)activation;
        using var x = new AlignedBuffer(Count);
        using var y = new AlignedBuffer(Count);
        using var ones = new AlignedBuffer(Count);
        Fill(x.Span, -6, 6);
        ones.Span.Fill(1);
        Activations.Forward(kind, x.AsMatrix(1, Count), y.AsMatrix(1, Count));
        Report($"{kind}", Greatest(x, y, v => ReferenceMath.Activate(kind, v).Value, relative: false), value);
        Activations.Backward(kind, x.AsMatrix(1, Count), ones.AsMatrix(1, Count), y.AsMatrix(1, Count));
        Report($"{kind}'", Greatest(x, y, v => ReferenceMath.Activate(kind, v).Derivative, relative: false), slope);
    });

    [Fact]
    public void DerivativesAreThoseOfFiniteDifferences()
    {
        foreach (var kind in Enum.GetValues<Activation>())
        {
            for (var x = -4.95; x < 5; x += 0.1)
            {
                const double H = 1e-5;
                var difference =
                    (ReferenceMath.Activate(kind, x + H).Value - ReferenceMath.Activate(kind, x - H).Value) / (2 * H);
                Assert.Equal(difference, ReferenceMath.Activate(kind, x).Derivative, 1e-8);
            }
        }
    }

    private void Report(string name, double worst, double bound)
    {
        output.WriteLine($"{KernelSelector.Current} {name}: {worst:e2}");
        Assert.True(worst <= bound, $"{name}: {worst:e3} > {bound:e3}");
    }

    private static void Fill(Span<float> x, double low, double high)
    {
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = (float)(low + ((high - low) * i / (x.Length - 1)));
        }
    }

    private static double Worst<TFunction>(double low, double high, Func<double, double> f, bool relative)
        where TFunction : struct, IActivationFunction
    {
        using var x = new AlignedBuffer(Count);
        using var y = new AlignedBuffer(Count);
        Fill(x.Span, low, high);
        var kernel = new MapKernel<TFunction> { X = x.Pointer, Y = y.Pointer, Count = Count };
        KernelSelector.Run(ref kernel);
        return Greatest(x, y, f, relative);
    }

    private static double Greatest(AlignedBuffer x, AlignedBuffer y, Func<double, double> f, bool relative)
    {
        var worst = 0.0;
        for (var i = 0; i < Count; i++)
        {
            var expected = f(x.Pointer[i]);
            var error = Math.Abs(y.Pointer[i] - expected) / (relative && expected != 0 ? Math.Abs(expected) : Math.Max(1, Math.Abs(expected)));
            worst = Math.Max(worst, error);
        }

        return worst;
    }

    private static float[] Evaluate<TFunction>(float[] x)
        where TFunction : struct, IActivationFunction
    {
        var y = new float[x.Length];
        fixed (float* source = x, target = y)
        {
            var kernel = new MapKernel<TFunction> { X = source, Y = target, Count = x.Length };
            KernelSelector.Run(ref kernel);
        }

        return y;
    }

    private struct MapKernel<TFunction> : ISimdKernel
        where TFunction : struct, IActivationFunction
    {
        public float* X;
        public float* Y;
        public int Count;

        public readonly void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct => ActivationRows<S, V, TFunction>.Run(X, 0, Y, 0, null, 1, Count);
    }

    private readonly struct ExpFunction : IActivationFunction
    {
        public static V Evaluate<S, V>(V x, out V derivative)
            where S : struct, ISimd<V>
            where V : struct => derivative = VectorMath.Exp<S, V>(x);
    }

    private readonly struct ShareFunction : IActivationFunction
    {
        public static V Evaluate<S, V>(V x, out V derivative)
            where S : struct, ISimd<V>
            where V : struct => derivative = VectorMath.NormalShare<S, V>(x, out _);
    }
}
