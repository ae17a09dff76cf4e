using System.Runtime.CompilerServices;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Element-wise activations and their gradients, both from the pre-activation.</summary>
internal static unsafe class Activations
{
    /// <summary>y = activation(x); y may be x.</summary>
    public static void Forward(Activation activation, Matrix x, Matrix y)
    {
        var kernel = new Kernel { Activation = activation, X = x, Y = y };
        using var timing = KernelProfile.Measure(KernelKind.Activation, 0, Traffic(x));
        KernelSelector.Run(ref kernel);
    }

    /// <summary>gradX = gradY · activation′(x); gradX may be gradY or x.</summary>
    public static void Backward(Activation activation, Matrix x, Matrix gradY, Matrix gradX)
    {
        var kernel = new Kernel { Activation = activation, X = x, GradY = gradY, Y = gradX };
        using var timing = KernelProfile.Measure(KernelKind.Activation, 0, Traffic(x));
        KernelSelector.Run(ref kernel);
    }

    /// <summary>
    /// f(x) of some rows in <paramref name="y"/> and, where not null, f′(x), whose rows lie as far apart as those of y; each may be x.
    /// </summary>
    internal static void Rows<S, V>(
        Activation activation, float* x, nint xStride, float* y, nint yStride, float* derivative, int rows, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        switch (activation)
        {
            case Activation.Gelu:
                ActivationRows<S, V, GeluFunction>.Run(x, xStride, y, yStride, derivative, rows, count);
                break;
            case Activation.GeluTanh:
                ActivationRows<S, V, GeluTanhFunction>.Run(x, xStride, y, yStride, derivative, rows, count);
                break;
            case Activation.Relu:
                ActivationRows<S, V, ReluFunction>.Run(x, xStride, y, yStride, derivative, rows, count);
                break;
            case Activation.Silu:
                ActivationRows<S, V, SiluFunction>.Run(x, xStride, y, yStride, derivative, rows, count);
                break;
            case Activation.Tanh:
                ActivationRows<S, V, TanhFunction>.Run(x, xStride, y, yStride, derivative, rows, count);
                break;
            default:
                ActivationRows<S, V, IdentityFunction>.Run(x, xStride, y, yStride, derivative, rows, count);
                break;
        }
    }

    private static double Traffic(Matrix x) => 3 * sizeof(float) * (double)x.Rows * x.Columns;

    private struct Kernel : ISimdKernel
    {
        public Activation Activation;
        public Matrix X;
        public Matrix GradY;
        public Matrix Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            const int Chunk = 256;
            var derivative = stackalloc float[Chunk];
            var value = stackalloc float[Chunk];
            if (GradY.IsEmpty)
            {
                Rows<S, V>(Activation, X.Data, X.Stride, Y.Data, Y.Stride, null, X.Rows, X.Columns);
                return;
            }

            for (var row = 0; row < X.Rows; row++)
            {
                var x = X.RowPointer(row);
                var y = Y.RowPointer(row);
                for (var first = 0; first < X.Columns; first += Chunk)
                {
                    var count = Math.Min(Chunk, X.Columns - first);
                    Rows<S, V>(Activation, x + first, 0, value, 0, derivative, 1, count);
                    ElementwiseRow<S, V>.Multiply(derivative, GradY.RowPointer(row) + first, y + first, count);
                }
            }
        }
    }
}
