using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>What a disentangled attention does, apart from its operands.</summary>
/// <param name="Heads">H.</param>
/// <param name="Scale">Multiplies the sum of all terms.</param>
/// <param name="RowOfDistance">
/// For the distance d = query − key, at index d + (length − 1) / 2, the row of the position operands; rising with d.
/// </param>
internal readonly record struct DisentangledSpec(int Heads, float Scale, int[] RowOfDistance)
{
    /// <summary>The row of a distance.</summary>
    public int Row(int distance) => RowOfDistance[(RowOfDistance.Length / 2) + distance];
}

/// <summary>
/// DeBERTa's attention (He et al. 2021): score(i, j) = scale · (q_i·k_j + q_i·p_δ + k_j·r_δ), with p and r projections of the vector of
/// the distance δ(i − j), per sequence and head.
/// </summary>
/// <remarks>
/// Offsets are as in <see cref="Attention"/>. Positions [P, H·D]: row 0 belongs to <c>firstRow</c> of the spec's rows. The terms with
/// positions are products with the rows that occur, spread over the scores by distance; backward, scores' gradients are gathered by
/// distance first. All sequences of a head are worked on in order, so sums over them have a fixed order.
/// </remarks>
internal static unsafe class DisentangledAttention
{
    /// <summary>Computes the context.</summary>
    /// <param name="operands">Queries, keys, values, positions.</param>
    /// <param name="spec">Heads, scale, rows of distances.</param>
    /// <param name="queryOffsets">First row of each sequence in queries and context.</param>
    /// <param name="keyOffsets">First row of each sequence in keys and values.</param>
    /// <param name="context">[Tq, H·D], written.</param>
    /// <param name="team">Who computes.</param>
    public static void Forward(
        in DisentangledOperands operands, in DisentangledSpec spec, ReadOnlySpan<int> queryOffsets,
        ReadOnlySpan<int> keyOffsets, Matrix context, ThreadTeam team)
    {
        Run(operands, default, spec, queryOffsets, keyOffsets, context, team);
    }

    /// <summary>The gradients of all operands: overwritten, those of positions added to; empty where not wanted.</summary>
    public static void Backward(
        in DisentangledOperands operands, in DisentangledOperands gradients, in DisentangledSpec spec,
        ReadOnlySpan<int> queryOffsets, ReadOnlySpan<int> keyOffsets, Matrix gradContext, ThreadTeam team)
    {
        Run(operands, gradients, spec, queryOffsets, keyOffsets, gradContext, team);
    }

    private static void Run(
        in DisentangledOperands operands, in DisentangledOperands gradients, in DisentangledSpec spec,
        ReadOnlySpan<int> queryOffsets, ReadOnlySpan<int> keyOffsets, Matrix context, ThreadTeam team)
    {
        fixed (int* queries = queryOffsets, keys = keyOffsets)
        {
            var job = new DisentangledJob
            {
                Operands = operands,
                Gradients = gradients,
                Spec = spec,
                Sequences = queryOffsets.Length - 1,
                QueryOffsets = queries,
                KeyOffsets = keys,
                Context = context,
            };
            team.Run(spec.Heads, ref job);
        }
    }
}

/// <summary>The operands of a disentangled attention, or their gradients.</summary>
internal readonly record struct DisentangledOperands
{
    /// <summary>[Tq, H·D].</summary>
    public Matrix Query { get; init; }

    /// <summary>[T, H·D].</summary>
    public Matrix Key { get; init; }

    /// <summary>[T, H·D].</summary>
    public Matrix Value { get; init; }

    /// <summary>p, which queries are compared with [P, H·D]; empty for none.</summary>
    public Matrix PositionKey { get; init; }

    /// <summary>r, which keys are compared with [P, H·D]; empty for none.</summary>
    public Matrix PositionQuery { get; init; }

    /// <summary>The row of the spec's rows that row 0 of the positions belongs to.</summary>
    public int FirstRow { get; init; }
}
