using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// Scaled dot-product attention over sequences laid end to end: softmax(scale · Q·Kᵀ + bias) · V, per sequence and head.
/// </summary>
/// <remarks>
/// Rows of q and context belong to <c>queryOffsets</c>, rows of k and v to <c>keyOffsets</c> (both B + 1 long). They
/// are the same offsets in an encoder layer; a layer of which only the first token is read passes 0, 1, … B as query
/// offsets. Query i of a sequence stands at place i of its keys.
/// </remarks>
internal static unsafe class Attention
{
    /// <summary>Computes the context, and keeps what the backward pass needs of each row.</summary>
    /// <param name="q">[Tq, H·D].</param>
    /// <param name="k">[T, H·D].</param>
    /// <param name="v">[T, H·D].</param>
    /// <param name="queryOffsets">First row of each sequence in q and context.</param>
    /// <param name="keyOffsets">First row of each sequence in k and v.</param>
    /// <param name="spec">Heads, scale, bias, dropout.</param>
    /// <param name="context">[Tq, H·D], written.</param>
    /// <param name="rowStatistics">[Tq, 2·H], written: greatest score and 1 / Σ exp(score − greatest); empty when scoring.</param>
    /// <param name="team">Who computes.</param>
    public static void Forward(
        Matrix q, Matrix k, Matrix v, ReadOnlySpan<int> queryOffsets, ReadOnlySpan<int> keyOffsets,
        in AttentionSpec spec, Matrix context, Matrix rowStatistics, ThreadTeam team)
    {
        for (var b = 0; b + 1 < queryOffsets.Length; b++)
        {
            for (var h = 0; h < spec.Heads; h++)
            {
                for (var i = queryOffsets[b]; i < queryOffsets[b + 1]; i++)
                {
                    ForwardRow(q, k, v, i, i - queryOffsets[b], keyOffsets[b], keyOffsets[b + 1], h, spec, context, rowStatistics);
                }
            }
        }
    }

    /// <summary>Gradients of q, k and v (overwritten) from the gradient of the context.</summary>
    public static void Backward(
        Matrix q, Matrix k, Matrix v, Matrix rowStatistics, Matrix gradContext,
        ReadOnlySpan<int> queryOffsets, ReadOnlySpan<int> keyOffsets, in AttentionSpec spec,
        Matrix gradQ, Matrix gradK, Matrix gradV, ThreadTeam team)
    {
        gradQ.Clear();
        gradK.Clear();
        gradV.Clear();
        for (var b = 0; b + 1 < queryOffsets.Length; b++)
        {
            for (var h = 0; h < spec.Heads; h++)
            {
                for (var i = queryOffsets[b]; i < queryOffsets[b + 1]; i++)
                {
                    BackwardRow(
                        q, k, v, i, i - queryOffsets[b], keyOffsets[b], keyOffsets[b + 1], h, spec, rowStatistics,
                        gradContext, gradQ, gradK, gradV);
                }
            }
        }
    }

    private static float Score(Matrix q, Matrix k, int i, int place, int j, int first, int h, in AttentionSpec spec)
    {
        var size = q.Columns / spec.Heads;
        var distance = j - first - place;
        if (spec.Bias.Reach > 0 && Math.Abs(distance) > spec.Bias.Reach)
        {
            return float.NegativeInfinity;
        }

        var sum = 0f;
        for (var d = h * size; d < (h + 1) * size; d++)
        {
            sum += q.RowPointer(i)[d] * k.RowPointer(j)[d];
        }

        var relative = spec.Bias.Relative;
        return (sum * spec.Scale) + (relative.IsEmpty ? 0 : relative.RowPointer(h)[(relative.Columns / 2) + distance]);
    }

    private static void ForwardRow(
        Matrix q, Matrix k, Matrix v, int i, int place, int first, int last, int h, in AttentionSpec spec,
        Matrix context, Matrix rowStatistics)
    {
        var size = q.Columns / spec.Heads;
        var greatest = float.NegativeInfinity;
        for (var j = first; j < last; j++)
        {
            greatest = MathF.Max(greatest, Score(q, k, i, place, j, first, h, spec));
        }

        var sum = 0f;
        for (var j = first; j < last; j++)
        {
            sum += MathF.Exp(Score(q, k, i, place, j, first, h, spec) - greatest);
        }

        var target = context.RowPointer(i) + (h * size);
        new Span<float>(target, size).Clear();
        for (var j = first; j < last; j++)
        {
            var p = MathF.Exp(Score(q, k, i, place, j, first, h, spec) - greatest) / sum
                * spec.Dropout.Factor((i * spec.Heads) + h, j - first);
            for (var d = 0; d < size; d++)
            {
                target[d] += p * v.RowPointer(j)[(h * size) + d];
            }
        }

        if (!rowStatistics.IsEmpty)
        {
            rowStatistics.RowPointer(i)[2 * h] = greatest;
            rowStatistics.RowPointer(i)[(2 * h) + 1] = 1 / sum;
        }
    }

    private static void BackwardRow(
        Matrix q, Matrix k, Matrix v, int i, int place, int first, int last, int h, in AttentionSpec spec,
        Matrix rowStatistics, Matrix gradContext, Matrix gradQ, Matrix gradK, Matrix gradV)
    {
        var size = q.Columns / spec.Heads;
        var statistics = rowStatistics.RowPointer(i) + (2 * h);
        var inner = 0f;
        for (var pass = 0; pass < 2; pass++)
        {
            for (var j = first; j < last; j++)
            {
                var p = MathF.Exp(Score(q, k, i, place, j, first, h, spec) - statistics[0]) * statistics[1];
                var keep = spec.Dropout.Factor((i * spec.Heads) + h, j - first);
                var gradP = 0f;
                for (var d = h * size; d < (h + 1) * size; d++)
                {
                    gradP += keep * gradContext.RowPointer(i)[d] * v.RowPointer(j)[d];
                }

                if (pass == 0)
                {
                    inner += p * gradP;
                    continue;
                }

                var gradScore = p * (gradP - inner) * spec.Scale;
                for (var d = h * size; d < (h + 1) * size; d++)
                {
                    gradV.RowPointer(j)[d] += p * keep * gradContext.RowPointer(i)[d];
                    gradQ.RowPointer(i)[d] += gradScore * k.RowPointer(j)[d];
                    gradK.RowPointer(j)[d] += gradScore * q.RowPointer(i)[d];
                }
            }
        }
    }
}
