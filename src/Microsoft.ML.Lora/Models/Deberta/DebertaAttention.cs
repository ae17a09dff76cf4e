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
        int longest = Longest(pass);
        // Only the distances that occur.
        int first = _spec.Row(1 - longest);
        Matrix vectors = table.Vectors.SliceRows(first, _spec.Row(longest - 1) - first + 1);
        m.Vectors = vectors;
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
        Workspace.Position mark = pass.Workspace.Mark();
        var gradients = new DisentangledOperands
        {
            Query = gradQuery,
            Key = gradKey,
            Value = gradValue,
            PositionKey = key.Layer.IsTrained || table.IsTrained ? Zeros(pass, m.Operands.PositionKey) : default,
            PositionQuery = query.Layer.IsTrained || table.IsTrained ? Zeros(pass, m.Operands.PositionQuery) : default,
        };
        DisentangledAttention.Backward(
            m.Operands, gradients, _spec, QueryOffsets(pass, m.Query), pass.Offsets, gradContext, pass.Team);
        Matrix gradVectors = table.IsTrained ? Zeros(pass, m.Vectors) : default;
        BackwardPositions(pass, key, m.PositionKeyMemo, gradients.PositionKey, gradVectors);
        BackwardPositions(pass, query, m.PositionQueryMemo, gradients.PositionQuery, gradVectors);
        if (!gradVectors.IsEmpty)
        {
            table.Backward(pass, m.Operands.FirstRow, gradVectors);
        }

        pass.Workspace.Release(mark);
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

    private static void BackwardPositions(Pass pass, LinearSlot slot, in LinearMemo memo, Matrix grad, Matrix gradVectors)
    {
        if (!grad.IsEmpty)
        {
            slot.Layer.Backward(pass, memo, grad, gradVectors, accumulate: !gradVectors.IsEmpty);
        }
    }

    private sealed class Memo : AttentionMemo
    {
        public DisentangledOperands Operands;
        public Matrix Vectors;
        public LinearMemo PositionKeyMemo, PositionQueryMemo;
    }
}
