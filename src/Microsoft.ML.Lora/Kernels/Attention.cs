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
        Check(q, k, v, queryOffsets, keyOffsets, spec);
        using var timing = KernelProfile.Measure(
            KernelKind.AttentionForward, Flops(q, queryOffsets, keyOffsets, products: 2), Bytes(q, k, matrices: 4));
        fixed (int* queries = queryOffsets, keys = keyOffsets)
        {
            var job = new AttentionForward
            {
                Q = q,
                K = k,
                V = v,
                Sequences = queryOffsets.Length - 1,
                QueryOffsets = queries,
                KeyOffsets = keys,
                Spec = spec,
                Context = context,
                Statistics = rowStatistics,
            };
            team.Run((queryOffsets.Length - 1) * spec.Heads, ref job);
        }
    }

    /// <summary>
    /// Gradients of q, k and v (overwritten) from the gradient of the context; those of the bias by relative position are added to
    /// <c>gradRelative</c> [B·H, 2·L − 1], a row for each sequence and head and distance 0 in the middle, unless it is empty.
    /// </summary>
    public static void Backward(
        Matrix q, Matrix k, Matrix v, Matrix rowStatistics, Matrix gradContext,
        ReadOnlySpan<int> queryOffsets, ReadOnlySpan<int> keyOffsets, in AttentionSpec spec,
        Matrix gradQ, Matrix gradK, Matrix gradV, ThreadTeam team, Matrix gradRelative = default)
    {
        Check(q, k, v, queryOffsets, keyOffsets, spec);
        using var timing = KernelProfile.Measure(
            KernelKind.AttentionBackward, Flops(q, queryOffsets, keyOffsets, products: 5), Bytes(q, k, matrices: 7));
        fixed (int* queries = queryOffsets, keys = keyOffsets)
        {
            var job = new AttentionBackward
            {
                Q = q,
                K = k,
                V = v,
                Sequences = queryOffsets.Length - 1,
                QueryOffsets = queries,
                KeyOffsets = keys,
                Spec = spec,
                Statistics = rowStatistics,
                GradContext = gradContext,
                GradQ = gradQ,
                GradK = gradK,
                GradV = gradV,
                GradRelative = gradRelative,
            };
            team.Run((queryOffsets.Length - 1) * spec.Heads, ref job);
        }
    }

    private static double Flops(
        Matrix q, ReadOnlySpan<int> queryOffsets, ReadOnlySpan<int> keyOffsets, int products)
    {
        double pairs = 0;
        for (var b = 0; b + 1 < queryOffsets.Length && KernelProfile.Current != null; b++)
        {
            pairs += (double)(queryOffsets[b + 1] - queryOffsets[b]) * (keyOffsets[b + 1] - keyOffsets[b]);
        }

        return 2 * products * pairs * q.Columns;
    }

    private static double Bytes(Matrix q, Matrix k, int matrices) =>
        sizeof(float) * matrices * 0.5 * (q.Rows + k.Rows) * q.Columns;

    private static void Check(
        Matrix q, Matrix k, Matrix v, ReadOnlySpan<int> queryOffsets, ReadOnlySpan<int> keyOffsets, in AttentionSpec spec)
    {
        if (spec.Heads <= 0 || q.Columns % spec.Heads != 0 || k.Columns != q.Columns || v.Columns != q.Columns)
        {
            throw new ArgumentException(
                $"Queries, keys and values of {q.Columns}, {k.Columns} and {v.Columns} columns do not make {spec.Heads} heads.");
        }

        if (queryOffsets.Length != keyOffsets.Length || queryOffsets.IsEmpty
            || queryOffsets[^1] > q.Rows || keyOffsets[^1] > k.Rows || k.Rows != v.Rows)
        {
            throw new ArgumentException(
                $"{queryOffsets.Length} query and {keyOffsets.Length} key offsets do not fit {q.Rows} queries, "
                + $"{k.Rows} keys and {v.Rows} values.");
        }
    }
}
