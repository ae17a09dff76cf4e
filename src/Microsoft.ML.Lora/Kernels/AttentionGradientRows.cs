using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The softmax part of attention's backward pass over a block of rows.</summary>
/// <remarks>
/// With p = e^(score − greatest) / Σ, m the dropout factors and g = gradContext · Vᵀ: V's gradient needs p·m, and
/// gradScore = scale · p · (g·m − Σ p·g·m). Both replace their sources: Scores holds p·m afterwards, Gradient gradScore.
/// </remarks>
internal unsafe struct AttentionGradientRows : ISimdKernel
{
    public int Rows;

    /// <summary>Whole vectors, padding included.</summary>
    public int Columns;
    public float Scale;
    public float* Scores;
    public float* Gradient;
    public nint Stride;
    public float* Statistics;
    public nint StatisticsStride;
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
            var scores = Scores + (row * Stride);
            var gradient = Gradient + (row * Stride);
            Ahead.Prefetch(FirstAhead + row);
            if (!Mask.IsEmpty)
            {
                Mask.Apply<S, V>(row, gradient, gradient, Columns);
            }

            var inner = Probabilities<S, V>(scores, gradient, Statistics + (row * StatisticsStride));
            var scale = S.Create(Scale);
            for (var c = 0; c < Columns; c += S.Count)
            {
                var difference = S.Subtract(S.Load(gradient + c), S.Create(inner));
                S.Store(gradient + c, S.Multiply(S.Multiply(S.Load(scores + c), scale), difference));
            }

            if (!Mask.IsEmpty)
            {
                Mask.Apply<S, V>(row, scores, scores, Columns);
            }
        }
    }

    // Turns scores into probabilities and returns Σ p · g.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly float Probabilities<S, V>(float* scores, float* gradient, float* statistics)
        where S : struct, ISimd<V>
        where V : struct
    {
        var greatest = S.Create(statistics[0]);
        var inverse = S.Create(statistics[1]);
        V inner = default;
        for (var c = 0; c < Columns; c += S.Count)
        {
            var p = S.Multiply(VectorMath.Exp<S, V>(S.Subtract(S.Load(scores + c), greatest)), inverse);
            inner = S.MultiplyAdd(p, S.Load(gradient + c), inner);
            S.Store(scores + c, p);
        }

        return S.Sum(inner);
    }
}
