using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>y = (x − mean) / √(variance + eps) · gamma + beta, per row.</summary>
internal static unsafe class LayerNorm
{
    /// <summary>Normalises each row.</summary>
    /// <param name="x">[M, C].</param>
    /// <param name="gamma">[1, C] factors.</param>
    /// <param name="beta">[1, C] summands, or empty for none.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="y">[M, C], may be x.</param>
    /// <param name="statistics">[M, 2], written: mean and 1/√(variance + eps); empty when scoring.</param>
    public static void Forward(Matrix x, Matrix gamma, Matrix beta, float eps, Matrix y, Matrix statistics)
    {
        var kernel = new LayerNormForward
        {
            X = x,
            Gamma = gamma.Data,
            Beta = beta.Data,
            Eps = eps,
            Y = y,
            Statistics = statistics,
        };
        using var timing = KernelProfile.Measure(KernelKind.LayerNorm, 0, Traffic(x));
        KernelSelector.Run(ref kernel);
    }

    /// <summary>Gradient of the input (overwritten; may be gradY) and, added to where not empty, of gamma and beta.</summary>
    /// <remarks>
    /// With n = (x − mean) · inverse and g = gradY · gamma: gradX = inverse · (g − mean(g) − n · mean(g · n)).
    /// </remarks>
    public static void Backward(
        Matrix gradY, Matrix x, Matrix statistics, Matrix gamma, Matrix gradX, Matrix gradGamma, Matrix gradBeta)
    {
        var kernel = new LayerNormBackward
        {
            GradY = gradY,
            X = x,
            Statistics = statistics,
            Gamma = gamma.Data,
            GradX = gradX,
            GradGamma = gradGamma.Data,
            GradBeta = gradBeta.Data,
        };
        using var timing = KernelProfile.Measure(KernelKind.LayerNorm, 0, Traffic(x));
        KernelSelector.Run(ref kernel);
    }

    private static double Traffic(Matrix x) => 3 * sizeof(float) * (double)x.Rows * x.Columns;
}
