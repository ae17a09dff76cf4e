using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>Folds trained updates into the weights of a base on their way into the panels: W = W0 + s·B·A.</summary>
internal static class AdapterMerger
{
    /// <summary>Has the slots' layers packed merged, before they are.</summary>
    /// <param name="slots">The encoder's slots, with the base's layers in them.</param>
    /// <param name="config">How the adapters were trained.</param>
    /// <param name="state">Their tensors.</param>
    /// <returns>The merged layers' names.</returns>
    /// <exception cref="ArgumentException">An update fits no layer; the message names all of them.</exception>
    public static IReadOnlyList<string> Merge(
        IReadOnlyList<LinearSlot> slots, AdapterConfig config, AdapterState state)
    {
        var merged = new List<string>();
        var problems = new List<string>();
        foreach (LinearSlot slot in slots)
        {
            if (LowRankUpdate.Find(slot, config, state, problems) is { } update)
            {
                ((FrozenLinear)slot.Layer).Amendment = update.AddTo;
                merged.Add(slot.Name);
            }
        }

        var known = merged.ToHashSet(StringComparer.Ordinal);
        problems.AddRange(
            from name in state.Names
            let end = name.IndexOf(".lora_", StringComparison.Ordinal)
            where end >= 0 && !known.Contains(name[..end])
            select $"unexpected {name}");
        if (problems.Count > 0)
        {
            Throw.Argument_AdapterMismatch(problems);
        }

        return merged;
    }
}

/// <summary>The trained update of one layer.</summary>
/// <param name="A">[r, in].</param>
/// <param name="B">[out, r].</param>
/// <param name="Magnitude">The row lengths of the result [out] (DoRA), or null.</param>
/// <param name="Scaling">s.</param>
internal sealed record LowRankUpdate(AdapterTensor A, AdapterTensor B, AdapterTensor? Magnitude, float Scaling)
{
    /// <summary>The update of a slot's layer, or null where the state has none.</summary>
    public static LowRankUpdate? Find(
        LinearSlot slot, AdapterConfig config, AdapterState state, List<string> problems)
    {
        AdapterTensor? a = state.Find(slot.Name + ".lora_A.weight");
        AdapterTensor? b = state.Find(slot.Name + ".lora_B.weight");
        AdapterTensor? magnitude = state.Find(slot.Name + ".lora_magnitude_vector");
        if (a is null && b is null)
        {
            return null;
        }

        (int rank, float scaling) = config.RankAndScaling(slot.Name);
        int before = problems.Count;
        Check(a, slot.Name + ".lora_A.weight", rank, slot.Layer.InFeatures);
        Check(b, slot.Name + ".lora_B.weight", slot.Layer.OutFeatures, rank);
        if (config.UseDora || magnitude is not null)
        {
            Check(magnitude, slot.Name + ".lora_magnitude_vector", slot.Layer.OutFeatures);
        }

        return problems.Count == before ? new LowRankUpdate(a!, b!, magnitude, scaling) : null;

        void Check(AdapterTensor? tensor, string name, params int[] shape)
        {
            if (tensor is null)
            {
                problems.Add($"missing {name} [{string.Join(", ", shape)}]");
            }
            else if (!tensor.Shape.SequenceEqual(shape))
            {
                problems.Add($"{name} is [{string.Join(", ", tensor.Shape)}], expected [{string.Join(", ", shape)}]");
            }
        }
    }

    /// <summary>Adds the update to rows [count, in] of the weight, of which the first is row <paramref name="firstRow"/>.</summary>
    public void AddTo(int firstRow, Matrix rows)
    {
        int rank = A.Shape[0];
        using var factors = new AlignedBuffer((long)rank * (rows.Columns + rows.Rows));
        Matrix a = factors.AsMatrix(rank, rows.Columns);
        Matrix b = factors.AsMatrix(rows.Rows, rank, (long)rank * rows.Columns);
        A.Values.CopyTo(a.Span);
        B.Values.AsSpan(firstRow * rank, rows.Rows * rank).CopyTo(b.Span);
        GeneralGemm.Multiply(b, a, rows, Scaling, accumulate: true, ThreadTeam.Single);
        if (Magnitude is not null)
        {
            for (int i = 0; i < rows.Rows; i++)
            {
                double length = Math.Sqrt(Reductions.SumOfSquares(rows[i]));
                Matrix row = rows.SliceRows(i, 1);
                Elementwise.Scale(row, (float)(Magnitude.Values[firstRow + i] / length), row);
            }
        }
    }
}
