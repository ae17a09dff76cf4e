using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters.Initialization;

/// <summary>
/// A and B random behind orthogonal inner factors: with Q a random orthogonal r×r matrix, A mixes its even rows and B its odd ones,
/// so that B·A = 0 while neither is zero. PEFT's <c>orthogonal</c>; the rank has to be even.
/// </summary>
internal static class OrthogonalInitializer
{
    private const double Deviation = 0.1;

    /// <summary>Fills A and B.</summary>
    /// <exception cref="ArgumentException">The rank is odd.</exception>
    public static void Initialize(LoraLinear layer, RandomStream random)
    {
        int rank = layer.Rank;
        if (rank % 2 != 0)
        {
            Throw.Argument_RankNotEven(layer.Name, rank);
        }

        Matrix<double> q = Normal(rank, rank, random.Fork("inner")).QR().Q;
        Matrix<double> even = Matrix<double>.Build.Dense(rank / 2, rank, (i, j) => q[2 * i, j]);
        Matrix<double> odd = Matrix<double>.Build.Dense(rank / 2, rank, (i, j) => q[(2 * i) + 1, j]);
        Matrix<double> a = Normal(layer.InFeatures, rank / 2, random.Fork("A")) * even * Deviation;
        Matrix<double> b = Normal(layer.OutFeatures, rank / 2, random.Fork("B")) * odd * Deviation;
        DenseMatrices.CopyTo(a.Transpose(), layer.A.Value);
        DenseMatrices.CopyTo(b, layer.B.Value);
    }

    private static Matrix<double> Normal(int rows, int columns, RandomStream random) =>
        Matrix<double>.Build.Dense(rows, columns, (i, j) => random.Normal(((long)i * columns) + j));
}
