using System.Runtime.CompilerServices;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// Rotary positions (Su et al. 2021): in each head, elements i and i + D/2 are turned by the angle position · theta^(−2i/D).
/// </summary>
internal static unsafe class RotaryEmbedding
{
    /// <summary>cos and sin of every angle: [positions, D], cosines in the first half of a row, sines in the second.</summary>
    public static void FillTable(Matrix table, double theta)
    {
        var half = table.Columns / 2;
        for (var position = 0; position < table.Rows; position++)
        {
            var row = table[position];
            for (var i = 0; i < half; i++)
            {
                // Angles in single precision, as the models were trained.
                var frequency = (float)(1 / Math.Pow(theta, (float)i / half));
                var angle = (double)(position * frequency);
                row[i] = (float)Math.Cos(angle);
                row[half + i] = (float)Math.Sin(angle);
            }
        }
    }

    /// <summary>Turns each row of x [T, H·D] in place by its position's angles; backwards for gradients.</summary>
    /// <param name="x">[T, H·D].</param>
    /// <param name="positions">The row of the table for each row of x.</param>
    /// <param name="table">What <see cref="FillTable"/> made, [positions, D].</param>
    /// <param name="inverse">Turn back.</param>
    public static void Apply(Matrix x, ReadOnlySpan<int> positions, Matrix table, bool inverse)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            var kernel = new Turn
            {
                X = x.RowPointer(row),
                Columns = x.Columns,
                Cosines = table.RowPointer(positions[row]),
                Half = table.Columns / 2,
                Sign = inverse ? -1 : 1,
            };
            KernelSelector.Run(ref kernel);
        }
    }

    private struct Turn : ISimdKernel
    {
        public float* X;
        public int Columns;
        public float* Cosines;
        public int Half;
        public float Sign;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            var sign = S.Create(Sign);
            for (var head = X; head < X + Columns; head += 2 * Half)
            {
                var i = 0;
                for (; i + S.Count <= Half; i += S.Count)
                {
                    var a = S.Load(head + i);
                    var b = S.Load(head + Half + i);
                    var cosine = S.Load(Cosines + i);
                    var sine = S.Multiply(S.Load(Cosines + Half + i), sign);
                    S.Store(head + i, S.Subtract(S.Multiply(a, cosine), S.Multiply(b, sine)));
                    S.Store(head + Half + i, S.Add(S.Multiply(b, cosine), S.Multiply(a, sine)));
                }

                for (; i < Half; i++)
                {
                    var a = head[i];
                    var b = head[Half + i];
                    var sine = Cosines[Half + i] * Sign;
                    head[i] = (a * Cosines[i]) - (b * sine);
                    head[Half + i] = (b * Cosines[i]) + (a * sine);
                }
            }
        }
    }
}
