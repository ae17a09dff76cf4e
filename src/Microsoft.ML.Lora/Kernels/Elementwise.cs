using System.Runtime.CompilerServices;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Element-wise operations on matrices of one shape. A destination may be one of the sources.</summary>
internal static unsafe class Elementwise
{
    private enum Operation
    {
        AddScaled,
        Scale,
        Multiply,
        Dropout,
    }

    /// <summary>y += x.</summary>
    public static void Add(Matrix x, Matrix y) => AddScaled(x, 1, y);

    /// <summary>y += scale · x.</summary>
    public static void AddScaled(Matrix x, float scale, Matrix y)
    {
        var kernel = new Kernel { Operation = Operation.AddScaled, X = x, Factor = scale, Y = y };
        using var timing = KernelProfile.Measure(KernelKind.Elementwise, 0, Traffic(x));
        KernelSelector.Run(ref kernel);
    }

    /// <summary>y = scale · x.</summary>
    public static void Scale(Matrix x, float scale, Matrix y)
    {
        var kernel = new Kernel { Operation = Operation.Scale, X = x, Factor = scale, Y = y };
        using var timing = KernelProfile.Measure(KernelKind.Elementwise, 0, Traffic(x));
        KernelSelector.Run(ref kernel);
    }

    /// <summary>y = x · z.</summary>
    public static void Multiply(Matrix x, Matrix z, Matrix y)
    {
        var kernel = new Kernel { Operation = Operation.Multiply, X = x, Z = z, Y = y };
        using var timing = KernelProfile.Measure(KernelKind.Elementwise, 0, Traffic(x));
        KernelSelector.Run(ref kernel);
    }

    /// <summary>y = drop(x): its own backward pass.</summary>
    public static void Dropout(Matrix x, in DropoutMask mask, Matrix y)
    {
        var kernel = mask.IsEmpty
            ? new Kernel { Operation = Operation.Scale, X = x, Factor = 1, Y = y }
            : new Kernel { Operation = Operation.Dropout, X = x, Mask = mask, Y = y };
        using var timing = KernelProfile.Measure(KernelKind.Elementwise, 0, Traffic(x));
        KernelSelector.Run(ref kernel);
    }

    private static double Traffic(Matrix x) => 3 * sizeof(float) * (double)x.Rows * x.Columns;

    private struct Kernel : ISimdKernel
    {
        public Operation Operation;
        public Matrix X;
        public Matrix Z;
        public float Factor;
        public DropoutMask Mask;
        public Matrix Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            // Rows without gaps are one long row: those of a low-rank update are shorter than a vector.
            var flat = Operation != Operation.Dropout && X.IsDense && Y.IsDense && (Z.IsEmpty || Z.IsDense)
                && (long)X.Rows * X.Columns <= int.MaxValue;
            var (rows, columns) = flat ? (Math.Min(X.Rows, 1), X.Rows * X.Columns) : (X.Rows, X.Columns);
            for (var row = 0; row < rows; row++)
            {
                var x = X.RowPointer(row);
                var y = Y.RowPointer(row);
                switch (Operation)
                {
                    case Operation.Multiply:
                        ElementwiseRow<S, V>.Multiply(x, Z.RowPointer(row), y, columns);
                        break;
                    case Operation.Dropout:
                        ElementwiseRow<S, V>.Dropout(
                            x, Mask.RowKey(row), 0, Mask.Threshold, Mask.KeepScale, y, columns);
                        break;
                    default:
                        ElementwiseRow<S, V>.Scale(x, Factor, y, columns, Operation == Operation.AddScaled);
                        break;
                }
            }
        }
    }
}
