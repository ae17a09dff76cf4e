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

    /// <summary>One row of f(x) in <paramref name="y"/> and, where not null, of f′(x); each may be x.</summary>
    internal static void Row<S, V>(Activation activation, float* x, float* y, float* derivative, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        switch (activation)
        {
            case Activation.Gelu:
                ActivationRow<S, V, GeluFunction>.Run(x, y, derivative, count);
                break;
            case Activation.GeluTanh:
                ActivationRow<S, V, GeluTanhFunction>.Run(x, y, derivative, count);
                break;
            case Activation.Relu:
                ActivationRow<S, V, ReluFunction>.Run(x, y, derivative, count);
                break;
            case Activation.Silu:
                ActivationRow<S, V, SiluFunction>.Run(x, y, derivative, count);
                break;
            case Activation.Tanh:
                ActivationRow<S, V, TanhFunction>.Run(x, y, derivative, count);
                break;
            default:
                ActivationRow<S, V, IdentityFunction>.Run(x, y, derivative, count);
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
            for (var row = 0; row < X.Rows; row++)
            {
                var x = X.RowPointer(row);
                var y = Y.RowPointer(row);
                if (GradY.IsEmpty)
                {
                    Row<S, V>(Activation, x, y, null, X.Columns);
                    continue;
                }

                for (var first = 0; first < X.Columns; first += Chunk)
                {
                    var count = Math.Min(Chunk, X.Columns - first);
                    Row<S, V>(Activation, x + first, value, derivative, count);
                    ElementwiseRow<S, V>.Multiply(derivative, GradY.RowPointer(row) + first, y + first, count);
                }
            }
        }
    }
}
