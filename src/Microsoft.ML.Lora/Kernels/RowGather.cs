using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Rows picked from a table by number (embeddings, first tokens) and put back.</summary>
internal static class RowGather
{
    /// <summary>y[i] = (y[i] +) table[indices[i]].</summary>
    public static void Gather(Matrix table, ReadOnlySpan<int> indices, Matrix y, bool accumulate)
    {
        for (var i = 0; i < indices.Length; i++)
        {
            var row = table.SliceRows(indices[i], 1);
            if (accumulate)
            {
                Elementwise.Add(row, y.SliceRows(i, 1));
            }
            else
            {
                row.CopyTo(y.SliceRows(i, 1));
            }
        }
    }

    /// <summary>table[indices[i]] += x[i], in the order of i.</summary>
    public static void ScatterAdd(Matrix x, ReadOnlySpan<int> indices, Matrix table)
    {
        for (var i = 0; i < indices.Length; i++)
        {
            Elementwise.Add(x.SliceRows(i, 1), table.SliceRows(indices[i], 1));
        }
    }
}
