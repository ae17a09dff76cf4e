using System.Runtime.CompilerServices;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Sums in a fixed order.</summary>
internal static unsafe class Reductions
{
    // Floats added up in single precision before they join a double: keeps the error of a long sum that of a short one.
    private const int Run = 1024;

    /// <summary>Σ x², runs of 1024 in single and their sum in double precision.</summary>
    public static double SumOfSquares(ReadOnlySpan<float> x)
    {
        fixed (float* source = x)
        {
            var kernel = new SquaresKernel { X = source, Count = x.Length };
            KernelSelector.Run(ref kernel);
            return kernel.Sum;
        }
    }

    /// <summary>sums[c] += Σ over rows of x[row, c] (the gradient of a bias).</summary>
    public static void AddColumnSums(Matrix x, Span<float> sums)
    {
        fixed (float* target = sums)
        {
            var view = new Matrix(target, 1, sums.Length, sums.Length);
            for (var row = 0; row < x.Rows; row++)
            {
                Elementwise.Add(x.SliceRows(row, 1), view);
            }
        }
    }

    /// <summary>True when every element is a finite number.</summary>
    public static bool AllFinite(ReadOnlySpan<float> x)
    {
        foreach (var value in x)
        {
            if (!float.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }

    private struct SquaresKernel : ISimdKernel
    {
        public float* X;
        public int Count;
        public double Sum;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void ISimdKernel.Run<S, V>()
        {
            for (var first = 0; first < Count; first += Reductions.Run)
            {
                V squares = default;
                var last = Math.Min(first + Reductions.Run, Count);
                var i = first;
                for (; i + S.Count <= last; i += S.Count)
                {
                    var value = S.Load(X + i);
                    squares = S.MultiplyAdd(value, value, squares);
                }

                Sum += S.Sum(squares);
                for (; i < last; i++)
                {
                    Sum += (double)X[i] * X[i];
                }
            }
        }
    }
}
