using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters.Initialization;

/// <summary>
/// OLoRA (Büyükakyüz 2024): with W = Q·R, B is Q's first r columns and A is R's first r rows; s·B·A is taken out of the frozen
/// weight.
/// </summary>
/// <remarks>Q's first columns depend on W's first columns alone, and A = B_rᵀ·W, so W is never decomposed whole.</remarks>
internal static class OloraInitializer
{
    /// <summary>Fills A and B and takes their product out of the frozen weight.</summary>
    public static void Initialize(LoraLinear layer, RandomStream random)
    {
        Matrix<double> weight = DenseMatrices.Weight(layer.Frozen);
        Matrix<double> q = weight.SubMatrix(0, weight.RowCount, 0, layer.Rank).QR(QRMethod.Thin).Q;
        DenseMatrices.CopyTo(q.TransposeThisAndMultiply(weight), layer.A.Value);
        DenseMatrices.CopyTo(q, layer.B.Value);
        layer.TakeStartOut();
    }
}
