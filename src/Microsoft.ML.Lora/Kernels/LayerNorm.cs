using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>y = (x − mean) / √(variance + eps) · gamma + beta, per row.</summary>
internal static unsafe class LayerNorm
{
    /// <summary>Normalises each row; gamma and beta are [1, C] views, beta empty for none.</summary>
    public static void Forward(Matrix x, Matrix gamma, Matrix beta, float eps, Matrix y, Matrix statistics) =>
        Forward(x, gamma.Data, beta.Data, eps, y, statistics);

    /// <summary>Gradients as below; the [1, C] views of gamma's and beta's are empty where they are not wanted.</summary>
    public static void Backward(
        Matrix gradY, Matrix x, Matrix statistics, Matrix gamma, Matrix gradX, Matrix gradGamma, Matrix gradBeta) =>
        Backward(gradY, x, statistics, gamma.Data, gradX, gradGamma.Data, gradBeta.Data);

    /// <summary>Normalises each row.</summary>
    /// <param name="x">[M, C].</param>
    /// <param name="gamma">C factors.</param>
    /// <param name="beta">C summands, or null for none.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="y">[M, C], may be x.</param>
    /// <param name="statistics">[M, 2], written: mean and 1/√(variance + eps); empty when scoring.</param>
    public static void Forward(Matrix x, float* gamma, float* beta, float eps, Matrix y, Matrix statistics)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            double mean = 0, square = 0;
            for (var c = 0; c < x.Columns; c++)
            {
                mean += x.RowPointer(row)[c];
            }

            mean /= x.Columns;
            for (var c = 0; c < x.Columns; c++)
            {
                var d = x.RowPointer(row)[c] - mean;
                square += d * d;
            }

            var inverse = 1 / Math.Sqrt((square / x.Columns) + eps);
            for (var c = 0; c < x.Columns; c++)
            {
                var normal = (x.RowPointer(row)[c] - mean) * inverse;
                y.RowPointer(row)[c] = (float)((normal * gamma[c]) + (beta == null ? 0 : beta[c]));
            }

            if (!statistics.IsEmpty)
            {
                statistics.RowPointer(row)[0] = (float)mean;
                statistics.RowPointer(row)[1] = (float)inverse;
            }
        }
    }

    /// <summary>Gradient of the input (overwritten; may be gradY) and, added to where not null, of gamma and beta.</summary>
    public static void Backward(
        Matrix gradY, Matrix x, Matrix statistics, float* gamma, Matrix gradX, float* gradGamma, float* gradBeta)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            var mean = statistics.RowPointer(row)[0];
            var inverse = statistics.RowPointer(row)[1];
            double sum = 0, product = 0;
            for (var c = 0; c < x.Columns; c++)
            {
                var normal = (x.RowPointer(row)[c] - mean) * inverse;
                var grad = gradY.RowPointer(row)[c];
                sum += grad * gamma[c];
                product += grad * gamma[c] * normal;
                if (gradGamma != null)
                {
                    gradGamma[c] += grad * normal;
                }

                if (gradBeta != null)
                {
                    gradBeta[c] += grad;
                }
            }

            for (var c = 0; c < x.Columns; c++)
            {
                var normal = (x.RowPointer(row)[c] - mean) * inverse;
                var grad = gradY.RowPointer(row)[c] * gamma[c];
                gradX.RowPointer(row)[c] =
                    (float)(inverse * (grad - (sum / x.Columns) - (normal * product / x.Columns)));
            }
        }
    }
}
