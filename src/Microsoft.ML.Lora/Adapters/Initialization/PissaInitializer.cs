using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters.Initialization;

/// <summary>
/// PiSSA (Meng et al. 2024): with W = U·S·Vᵀ, the r leading singular directions go into the adapter, B = U_r·√(S_r/s) and
/// A = √(S_r/s)·V_rᵀ, and out of the frozen weight, which keeps W − s·B·A.
/// </summary>
/// <remarks>
/// Only r directions are needed. Small weights are decomposed whole; for large ones a block of r + <see cref="Spare"/> directions is
/// turned towards the leading ones by products with W·Wᵀ (Halko, Martinsson, Tropp 2011) and decomposed alone.
/// </remarks>
internal static class PissaInitializer
{
    private const int LargestWhole = 128;
    private const int Spare = 16;
    private const int Turns = 12;

    /// <summary>Fills A and B and takes their product out of the frozen weight.</summary>
    public static void Initialize(LoraLinear layer, RandomStream random)
    {
        Matrix<double> weight = DenseMatrices.Weight(layer.Frozen);
        (Matrix<double> u, Vector<double> s, Matrix<double> vt) = LeadingDirections(weight, layer.Rank, random);
        for (int i = 0; i < layer.Rank; i++)
        {
            double root = Math.Sqrt(s[i] / layer.Scaling);
            u.SetColumn(i, u.Column(i) * root);
            vt.SetRow(i, vt.Row(i) * root);
        }

        DenseMatrices.CopyTo(vt, layer.A.Value);
        DenseMatrices.CopyTo(u, layer.B.Value);
        layer.TakeStartOut();
    }

    private static (Matrix<double> U, Vector<double> S, Matrix<double> Vt) LeadingDirections(
        Matrix<double> weight, int rank, RandomStream random)
    {
        Matrix<double>? basis = null;
        Matrix<double> small = weight;
        int block = rank + Spare;
        if (Math.Min(weight.RowCount, weight.ColumnCount) > Math.Max(LargestWhole, block))
        {
            basis = LeadingBasis(weight, block, random);
            small = basis.TransposeThisAndMultiply(weight);
        }

        var svd = small.Svd();
        Matrix<double> u = svd.U.SubMatrix(0, svd.U.RowCount, 0, rank);
        return (basis is null ? u : basis * u, svd.S, svd.VT.SubMatrix(0, rank, 0, weight.ColumnCount));
    }

    // Orthogonalised every turn: the small directions would drown in the leading one's rounding otherwise.
    private static Matrix<double> LeadingBasis(Matrix<double> weight, int block, RandomStream random)
    {
        Matrix<double> start = Matrix<double>.Build.Dense(
            weight.ColumnCount, block, (i, j) => random.Normal(((long)i * block) + j));
        Matrix<double> basis = Orthogonal(weight * start);
        for (int turn = 0; turn < Turns; turn++)
        {
            basis = Orthogonal(weight * Orthogonal(weight.TransposeThisAndMultiply(basis)));
        }

        return basis;
    }

    private static Matrix<double> Orthogonal(Matrix<double> columns) =>
        columns.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin).Q;
}
