using System.Runtime.CompilerServices;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Row-wise softmax.</summary>
internal static unsafe class Softmax
{
    /// <summary>y = softmax(x) per row; y may be x.</summary>
    public static void Forward(Matrix x, Matrix y)
    {
        var kernel = new Kernel { X = x, Y = y };
        using var timing = KernelProfile.Measure(KernelKind.Softmax, 0, Traffic(x));
        KernelSelector.Run(ref kernel);
    }

    private static double Traffic(Matrix x) => 2 * sizeof(float) * (double)x.Rows * x.Columns;

    private struct Kernel : ISimdKernel
    {
        public Matrix X;
        public Matrix Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            for (var row = 0; row < X.Rows; row++)
            {
                var greatest = float.NegativeInfinity;
                foreach (var value in X[row])
                {
                    greatest = MathF.Max(greatest, value);
                }

                var sum = Exponentials<S, V>(X.RowPointer(row), greatest, Y.RowPointer(row));
                ElementwiseRow<S, V>.Scale(
                    Y.RowPointer(row), 1 / sum, Y.RowPointer(row), X.Columns, accumulate: false);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly float Exponentials<S, V>(float* x, float greatest, float* y)
            where S : struct, ISimd<V>
            where V : struct
        {
            V sums = default;
            var c = 0;
            for (; c + S.Count <= X.Columns; c += S.Count)
            {
                var e = VectorMath.Exp<S, V>(S.Subtract(S.Load(x + c), S.Create(greatest)));
                sums = S.Add(sums, e);
                S.Store(y + c, e);
            }

            var sum = S.Sum(sums);
            for (; c < X.Columns; c++)
            {
                y[c] = VectorMath.Exp<SimdScalar, float>(x[c] - greatest);
                sum += y[c];
            }

            return sum;
        }
    }
}
