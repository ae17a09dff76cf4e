using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The softmax part of attention over a block of score rows in place; rows are padded to whole vectors.</summary>
/// <remarks>Padding columns hold −∞ scores: they turn into probability 0 without a mask.</remarks>
internal unsafe struct AttentionRows : ISimdKernel
{
    public int Rows;

    /// <summary>Whole vectors, padding included.</summary>
    public int Columns;

    /// <summary>[Rows, Columns] scores; left with e^(score − greatest), times dropout.</summary>
    public float* Scores;
    public nint Stride;

    /// <summary>[Rows, 2] greatest and 1 / Σ, this many floats apart; written.</summary>
    public float* Statistics;
    public nint StatisticsStride;

    /// <summary>Null, or [Rows, size] rows to multiply by 1 / Σ after the product with V (then nothing else is done).</summary>
    public float* Context;
    public nint ContextStride;
    public int ContextColumns;

    public AttentionMask Mask;

    /// <summary>Asked for on the way, from <see cref="FirstAhead"/> on.</summary>
    public NextHead Ahead;
    public int FirstAhead;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var row = 0; row < Rows; row++)
        {
            var statistics = Statistics + (row * StatisticsStride);
            if (Context != null)
            {
                var context = Context + (row * ContextStride);
                ElementwiseRow<S, V>.Scale(context, statistics[1], context, ContextColumns, accumulate: false);
                continue;
            }

            Ahead.Prefetch(FirstAhead + row);
            Exponentials<S, V>(Scores + (row * Stride), statistics);
            if (!Mask.IsEmpty)
            {
                var scores = Scores + (row * Stride);
                Mask.Apply<S, V>(row, scores, scores, Columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Exponentials<S, V>(float* scores, float* statistics)
        where S : struct, ISimd<V>
        where V : struct
    {
        var greatest = S.Load(scores);
        for (var c = S.Count; c < Columns; c += S.Count)
        {
            greatest = S.Max(greatest, S.Load(scores + c));
        }

        statistics[0] = S.Greatest(greatest);
        greatest = S.Create(statistics[0]);
        V sum = default;
        for (var c = 0; c < Columns; c += S.Count)
        {
            var e = VectorMath.Exp<S, V>(S.Subtract(S.Load(scores + c), greatest));
            sum = S.Add(sum, e);
            S.Store(scores + c, e);
        }

        statistics[1] = 1 / S.Sum(sum);
    }
}
