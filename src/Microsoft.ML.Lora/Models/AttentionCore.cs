using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>What an attention keeps from its forward pass for the backward pass; each kind has its own.</summary>
internal class AttentionMemo
{
    public Matrix Query, Key, Value, Statistics;
    public DropoutMask Dropout;
}

/// <summary>
/// Attention between queries, keys and values that are already projected. Queries are those of all tokens, or of the first token of
/// each sequence.
/// </summary>
internal abstract class AttentionCore
{
    /// <summary>Memory for what it keeps.</summary>
    public abstract AttentionMemo CreateMemo();

    /// <summary>The context [rows, C] of the memo's queries [rows, C], keys and values [T, C].</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="memo">Holds the operands, receives what the backward pass needs.</param>
    /// <param name="context">[rows, C].</param>
    /// <param name="keep">Whether a backward pass will follow.</param>
    public abstract void Forward(Pass pass, AttentionMemo memo, Matrix context, bool keep);

    /// <summary>The gradients of queries, keys and values, all overwritten.</summary>
    public abstract void Backward(
        Pass pass, AttentionMemo memo, Matrix gradContext, Matrix gradQuery, Matrix gradKey, Matrix gradValue);

    /// <summary>Length of the longest sequence, 1 or more.</summary>
    protected static int Longest(Pass pass)
    {
        int longest = 1;
        for (int i = 0; i < pass.Sequences; i++)
        {
            longest = Math.Max(longest, pass.Offsets[i + 1] - pass.Offsets[i]);
        }

        return longest;
    }

    /// <summary>The offsets of the queries' rows.</summary>
    protected static ReadOnlySpan<int> QueryOffsets(Pass pass, Matrix query) =>
        query.Rows < pass.Tokens ? pass.SingleOffsets : pass.Offsets;
}

/// <summary>Scaled dot-product attention, with a bias by relative position where there is one.</summary>
/// <param name="spec">Heads, scale, bias.</param>
/// <param name="dropout">Share of the probabilities dropped while training, in [0, 1).</param>
/// <param name="stream">Number of the dropout's random stream within a pass.</param>
/// <param name="relative">Where the spec's bias by relative position comes from; null for none.</param>
internal sealed class DotProductAttention(
    AttentionSpec spec, float dropout, long stream, RelativePositionBias? relative = null) : AttentionCore
{
    /// <inheritdoc/>
    public override AttentionMemo CreateMemo() => new();

    /// <inheritdoc/>
    public override void Forward(Pass pass, AttentionMemo memo, Matrix context, bool keep)
    {
        memo.Dropout = keep ? pass.Dropout(dropout, stream) : default;
        memo.Statistics = keep ? pass.Workspace.Rent(memo.Query.Rows, 2 * spec.Heads) : default;
        Attention.Forward(
            memo.Query, memo.Key, memo.Value, QueryOffsets(pass, memo.Query), pass.Offsets,
            spec with { Dropout = memo.Dropout }, context, memo.Statistics, pass.Team);
    }

    /// <inheritdoc/>
    public override void Backward(
        Pass pass, AttentionMemo memo, Matrix gradContext, Matrix gradQuery, Matrix gradKey, Matrix gradValue)
    {
        Workspace.Position mark = pass.Workspace.Mark();
        Matrix gradRelative = default;
        if (relative is { IsTrained: true })
        {
            gradRelative = pass.Workspace.Rent(pass.Sequences * spec.Heads, (2 * Longest(pass)) - 1);
            gradRelative.Clear();
        }

        Attention.Backward(
            memo.Query, memo.Key, memo.Value, memo.Statistics, gradContext, QueryOffsets(pass, memo.Query), pass.Offsets,
            spec with { Dropout = memo.Dropout }, gradQuery, gradKey, gradValue, pass.Team, gradRelative);
        if (!gradRelative.IsEmpty)
        {
            relative!.Backward(pass, gradRelative);
        }

        pass.Workspace.Release(mark);
    }
}
