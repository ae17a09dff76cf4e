using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Lora.Layers;
using Matrix = Microsoft.ML.Lora.Tensors.Matrix;

namespace Microsoft.ML.Lora.Adapters.Initialization;

/// <summary>Between the engine's float matrices and MathNet's double ones.</summary>
internal static class DenseMatrices
{
    /// <summary>A layer's whole weight [out, in].</summary>
    public static Matrix<double> Weight(FrozenLinear layer)
    {
        Matrix<double> weight = Matrix<double>.Build.Dense(layer.OutFeatures, layer.InFeatures);
        layer.VisitRows((first, rows) =>
        {
            for (int i = 0; i < rows.Rows; i++)
            {
                ReadOnlySpan<float> row = rows[i];
                for (int j = 0; j < row.Length; j++)
                {
                    weight[first + i, j] = row[j];
                }
            }
        });
        return weight;
    }

    /// <summary>Rounds to floats.</summary>
    public static void CopyTo(Matrix<double> source, Matrix destination)
    {
        for (int i = 0; i < source.RowCount; i++)
        {
            Span<float> row = destination[i];
            for (int j = 0; j < row.Length; j++)
            {
                row[j] = (float)source[i, j];
            }
        }
    }
}
