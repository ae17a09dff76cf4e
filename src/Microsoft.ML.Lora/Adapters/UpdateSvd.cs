using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>The singular value decomposition of an update, s·B·A = U·diag(σ)·Vᵀ, without forming it.</summary>
/// <remarks>
/// With thin factors B = Q₁·R₁ and Aᵀ = Q₂·R₂, s·B·A = Q₁·(s·R₁·R₂ᵀ)·Q₂ᵀ: all that is decomposed is the r×r matrix in the middle.
/// </remarks>
internal sealed class UpdateSvd
{
    private readonly Matrix<double> _u;
    private readonly Matrix<double> _v;

    private UpdateSvd(Matrix<double> u, double[] values, Matrix<double> v)
    {
        _u = u;
        Values = values;
        _v = v;
    }

    /// <summary>σ, falling: as many as the update's rank, no more than the weight's lesser side.</summary>
    public double[] Values { get; }

    /// <summary>Decomposes an update.</summary>
    /// <param name="a">A [r, in].</param>
    /// <param name="b">B [out, r].</param>
    /// <param name="scaling">s.</param>
    public static UpdateSvd Of(AdapterTensor a, AdapterTensor b, float scaling)
    {
        (Matrix<double> q1, Matrix<double> r1) = Factor(Dense(b));
        (Matrix<double> q2, Matrix<double> r2) = Factor(Dense(a).Transpose());
        var svd = (r1.TransposeAndMultiply(r2) * scaling).Svd();
        int rank = svd.S.Count;
        return new UpdateSvd(
            q1 * svd.U.SubMatrix(0, svd.U.RowCount, 0, rank),
            [.. svd.S],
            q2 * svd.VT.SubMatrix(0, rank, 0, svd.VT.ColumnCount).Transpose());
    }

    /// <summary>The nearest update of a lower rank (Eckart and Young 1936), its size shared evenly by both factors.</summary>
    /// <param name="rank">k.</param>
    /// <param name="scaling">The s that the new factors are for.</param>
    /// <returns>A [k, in] and B [out, k].</returns>
    public (AdapterTensor A, AdapterTensor B) Truncate(int rank, float scaling)
    {
        double[] roots = [.. Values.Take(rank).Select(value => Math.Sqrt(value / scaling))];
        var a = new float[roots.Length * _v.RowCount];
        var b = new float[_u.RowCount * roots.Length];
        for (int i = 0; i < roots.Length; i++)
        {
            for (int column = 0; column < _v.RowCount; column++)
            {
                a[(i * _v.RowCount) + column] = (float)(roots[i] * _v[column, i]);
            }

            for (int row = 0; row < _u.RowCount; row++)
            {
                b[(row * roots.Length) + i] = (float)(roots[i] * _u[row, i]);
            }
        }

        return (new AdapterTensor([roots.Length, _v.RowCount], a), new AdapterTensor([_u.RowCount, roots.Length], b));
    }

    // A factor with more columns than rows is its own right part.
    private static (Matrix<double> Q, Matrix<double> R) Factor(Matrix<double> factor)
    {
        if (factor.RowCount <= factor.ColumnCount)
        {
            return (Matrix<double>.Build.DenseIdentity(factor.RowCount), factor);
        }

        QR<double> qr = factor.QR(QRMethod.Thin);
        return (qr.Q, qr.R);
    }

    private static Matrix<double> Dense(AdapterTensor tensor)
    {
        int columns = tensor.Shape[1];
        return Matrix<double>.Build.Dense(tensor.Shape[0], columns, (i, j) => tensor.Values[(i * columns) + j]);
    }
}
