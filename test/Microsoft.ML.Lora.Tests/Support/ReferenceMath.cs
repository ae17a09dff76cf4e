using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>Functions in double precision that kernels are measured against.</summary>
internal static class ReferenceMath
{
    /// <summary>The error function: its series where that converges without cancellation, a continued fraction beyond.</summary>
    public static double Erf(double x)
    {
        var z = Math.Abs(x);
        if (z > 6)
        {
            return Math.Sign(x);
        }

        if (z < 2.5)
        {
            double term = z, sum = z;
            for (var n = 1; n < 80; n++)
            {
                term *= -z * z / n;
                sum += term / ((2 * n) + 1);
            }

            return Math.Sign(x) * sum * 2 / Math.Sqrt(Math.PI);
        }

        var fraction = z;
        for (var n = 100; n > 0; n--)
        {
            fraction = z + (n / 2.0 / fraction);
        }

        return Math.Sign(x) * (1 - (Math.Exp(-z * z) / (fraction * Math.Sqrt(Math.PI))));
    }

    /// <summary>An activation and its derivative.</summary>
    public static (double Value, double Derivative) Activate(Activation activation, double x)
    {
        switch (activation)
        {
            case Activation.Gelu:
                var share = 0.5 * (1 + Erf(x / Math.Sqrt(2)));
                return (x * share, share + (x * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI)));
            case Activation.GeluTanh:
                var c = Math.Sqrt(2 / Math.PI);
                var t = Math.Tanh(c * (x + (0.044715 * x * x * x)));
                return (0.5 * x * (1 + t),
                    (0.5 * (1 + t)) + (0.5 * x * (1 - (t * t)) * c * (1 + (3 * 0.044715 * x * x))));
            case Activation.Relu:
                return (Math.Max(x, 0), x > 0 ? 1 : 0);
            case Activation.Silu:
                var s = 1 / (1 + Math.Exp(-x));
                return (x * s, s * (1 + (x * (1 - s))));
            case Activation.Tanh:
                var h = Math.Tanh(x);
                return (h, 1 - (h * h));
            default:
                return (x, 1);
        }
    }
}
