using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models.Deberta;

/// <summary>
/// DeBERTa's attention: scores also compare contents with distances. The vectors of distances go through the layer's own query and key
/// projections, adapters included, so those get gradients from there as well.
/// </summary>
internal sealed class DebertaAttention(EncoderConfig config, DistanceTable table, LinearSlot query, LinearSlot key) : AttentionCore
{
    private readonly DisentangledSpec _spec = new(
        config.NumAttentionHeads, 1 / MathF.Sqrt(config.HeadSize * TermCount(table.Settings)), table.RowOfDistance);

    /// <inheritdoc/>
    public override AttentionMemo CreateMemo() => new Memo();

    /// <inheritdoc/>
    public override void Forward(Pass pass, AttentionMemo memo, Matrix context, bool keep)
    {
        var m = (Memo)memo;
        int longest = 1;
        for (int i = 0; i < pass.Sequences; i++)
        {
            longest = Math.Max(longest, pass.Offsets[i + 1] - pass.Offsets[i]);
        }

        // Only the distances that occur.
        int first = _spec.Row(1 - longest);
        Matrix vectors = table.Vectors.SliceRows(first, _spec.Row(longest - 1) - first + 1);
        m.Operands = new DisentangledOperands
        {
            Query = m.Query,
            Key = m.Key,
            Value = m.Value,
            FirstRow = first,
            PositionKey = table.Settings.ContentToPosition ? Project(pass, key, vectors, ref m.PositionKeyMemo) : default,
            PositionQuery = table.Settings.PositionToContent ? Project(pass, query, vectors, ref m.PositionQueryMemo) : default,
        };
        DisentangledAttention.Forward(
            m.Operands, _spec, QueryOffsets(pass, m.Query), pass.Offsets, context, pass.Team);
    }

    /// <inheritdoc/>
    public override void Backward(
        Pass pass, AttentionMemo memo, Matrix gradContext, Matrix gradQuery, Matrix gradKey, Matrix gradValue)
    {
        var m = (Memo)memo;
        var gradients = new DisentangledOperands
        {
            Query = gradQuery,
            Key = gradKey,
            Value = gradValue,
            PositionKey = key.Layer.IsTrained ? Zeros(pass, m.Operands.PositionKey) : default,
            PositionQuery = query.Layer.IsTrained ? Zeros(pass, m.Operands.PositionQuery) : default,
        };
        DisentangledAttention.Backward(
            m.Operands, gradients, _spec, QueryOffsets(pass, m.Query), pass.Offsets, gradContext, pass.Team);
        BackwardPositions(pass, key, m.PositionKeyMemo, gradients.PositionKey);
        BackwardPositions(pass, query, m.PositionQueryMemo, gradients.PositionQuery);
    }

    private static int TermCount(DebertaSettings settings) =>
        1 + (settings.ContentToPosition ? 1 : 0) + (settings.PositionToContent ? 1 : 0);

    private static Matrix Project(Pass pass, LinearSlot slot, Matrix vectors, ref LinearMemo memo)
    {
        Matrix projected = pass.Workspace.Rent(vectors.Rows, slot.Layer.OutFeatures);
        slot.Layer.Forward(pass, vectors, projected, default, ref memo);
        return projected;
    }

    private static Matrix Zeros(Pass pass, Matrix like)
    {
        if (like.IsEmpty)
        {
            return default;
        }

        Matrix zeros = pass.Workspace.Rent(like.Rows, like.Columns);
        zeros.Clear();
        return zeros;
    }

    private static void BackwardPositions(Pass pass, LinearSlot slot, in LinearMemo memo, Matrix grad)
    {
        if (!grad.IsEmpty)
        {
            slot.Layer.Backward(pass, memo, grad, default, accumulate: false);
        }
    }

    private sealed class Memo : AttentionMemo
    {
        public DisentangledOperands Operands;
        public LinearMemo PositionKeyMemo, PositionQueryMemo;
    }
}
