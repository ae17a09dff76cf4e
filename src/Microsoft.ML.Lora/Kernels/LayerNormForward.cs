using System.Runtime.CompilerServices;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The rows of <see cref="LayerNorm.Forward"/>: two passes for the statistics, as the sum of squares of the
/// deviations cannot cancel, and one for the result, all in the first-level cache.</summary>
internal unsafe struct LayerNormForward : ISimdKernel
{
    public Matrix X;
    public float* Gamma;
    public float* Beta;
    public float Eps;
    public Matrix Y;
    public Matrix Statistics;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var row = 0; row < X.Rows; row++)
        {
            var x = X.RowPointer(row);
            var mean = Sum<S, V>(x, X.Columns) / X.Columns;
            var variance = SquaredDeviations<S, V>(x, X.Columns, mean) / X.Columns;
            var inverse = 1 / MathF.Sqrt(variance + Eps);
            Write<S, V>(x, mean, inverse, Y.RowPointer(row));
            if (!Statistics.IsEmpty)
            {
                Statistics.RowPointer(row)[0] = mean;
                Statistics.RowPointer(row)[1] = inverse;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum<S, V>(float* x, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        V even = default, odd = default;
        var c = 0;
        for (; c + (2 * S.Count) <= count; c += 2 * S.Count)
        {
            even = S.Add(even, S.Load(x + c));
            odd = S.Add(odd, S.Load(x + c + S.Count));
        }

        var sum = S.Sum(S.Add(even, odd));
        for (; c < count; c++)
        {
            sum += x[c];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SquaredDeviations<S, V>(float* x, int count, float mean)
        where S : struct, ISimd<V>
        where V : struct
    {
        V even = default, odd = default;
        var center = S.Create(mean);
        var c = 0;
        for (; c + (2 * S.Count) <= count; c += 2 * S.Count)
        {
            var first = S.Subtract(S.Load(x + c), center);
            var second = S.Subtract(S.Load(x + c + S.Count), center);
            even = S.MultiplyAdd(first, first, even);
            odd = S.MultiplyAdd(second, second, odd);
        }

        var sum = S.Sum(S.Add(even, odd));
        for (; c < count; c++)
        {
            sum += (x[c] - mean) * (x[c] - mean);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write<S, V>(float* x, float mean, float inverse, float* y)
        where S : struct, ISimd<V>
        where V : struct
    {
        var center = S.Create(mean);
        var factor = S.Create(inverse);
        var c = 0;
        for (; c + S.Count <= X.Columns; c += S.Count)
        {
            var normal = S.Multiply(S.Subtract(S.Load(x + c), center), factor);
            var scale = S.Load(Gamma + c);
            S.Store(y + c, Beta == null ? S.Multiply(normal, scale) : S.MultiplyAdd(normal, scale, S.Load(Beta + c)));
        }

        for (; c < X.Columns; c++)
        {
            y[c] = ((x[c] - mean) * inverse * Gamma[c]) + (Beta == null ? 0 : Beta[c]);
        }
    }
}
