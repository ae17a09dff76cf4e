using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>The leading singular directions of a weight: W ≈ U·diag(S)·Vᵀ.</summary>
/// <remarks>
/// Small weights are decomposed whole; for large ones a block of r + <see cref="Spare"/> directions is turned towards the leading ones
/// by products with W·Wᵀ (Halko, Martinsson, Tropp 2011) and decomposed alone.
/// </remarks>
/// <param name="U">[out, r].</param>
/// <param name="Values">r singular values, falling.</param>
/// <param name="Vt">[r, in].</param>
internal sealed record LeadingSvd(Matrix<double> U, double[] Values, Matrix<double> Vt)
{
    private const int LargestWhole = 128;
    private const int Spare = 16;
    private const int Turns = 12;

    /// <summary>The <paramref name="rank"/> leading directions, no more than the weight has.</summary>
    public static LeadingSvd Of(Matrix<double> weight, int rank, RandomStream random)
    {
        int least = Math.Min(weight.RowCount, weight.ColumnCount);
        rank = Math.Min(rank, least);
        Matrix<double>? basis = null;
        Matrix<double> small = weight;
        int block = rank + Spare;
        if (least > Math.Max(LargestWhole, block))
        {
            basis = LeadingBasis(weight, block, random);
            small = basis.TransposeThisAndMultiply(weight);
        }

        var svd = small.Svd();
        Matrix<double> u = svd.U.SubMatrix(0, svd.U.RowCount, 0, rank);
        return new LeadingSvd(
            basis is null ? u : basis * u,
            [.. svd.S.Take(rank)],
            svd.VT.SubMatrix(0, rank, 0, weight.ColumnCount));
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

    private static Matrix<double> Orthogonal(Matrix<double> columns) => columns.QR(QRMethod.Thin).Q;
}
