using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters.Initialization;

/// <summary>
/// PiSSA (Meng et al. 2024): with W = U·S·Vᵀ, the r leading singular directions go into the adapter, B = U_r·√(S_r/s) and
/// A = √(S_r/s)·V_rᵀ, and out of the frozen weight, which keeps W − s·B·A.
/// </summary>
internal static class PissaInitializer
{
    /// <summary>Fills A and B and takes their product out of the frozen weight.</summary>
    public static void Initialize(LoraLinear layer, RandomStream random)
    {
        Matrix<double> weight = DenseMatrices.Weight(layer.Frozen);
        (Matrix<double> u, double[] values, Matrix<double> vt) = LeadingSvd.Of(weight, layer.Rank, random);
        for (int i = 0; i < values.Length; i++)
        {
            double root = Math.Sqrt(values[i] / layer.Scaling);
            u.SetColumn(i, u.Column(i) * root);
            vt.SetRow(i, vt.Row(i) * root);
        }

        DenseMatrices.CopyTo(vt, layer.A.Value);
        DenseMatrices.CopyTo(u, layer.B.Value);
        layer.TakeStartOut();
    }
}
