namespace Microsoft.ML.Lora.Kernels;

/// <summary>exp, erf and tanh.</summary>
internal static class VectorMath
{
    internal static double Erf(double x)
    {
        // Maclaurin series where it converges without cancellation, continued fraction beyond.
        var z = Math.Abs(x);
        if (z > 6)
        {
            return Math.Sign(x);
        }

        if (z < 3)
        {
            double term = z, sum = z;
            for (var n = 1; n < 60; n++)
            {
                term *= -z * z / n;
                sum += term / ((2 * n) + 1);
            }

            return Math.Sign(x) * sum * 2 / Math.Sqrt(Math.PI);
        }

        var fraction = z;
        for (var n = 40; n > 0; n--)
        {
            fraction = z + (n / 2.0 / fraction);
        }

        return Math.Sign(x) * (1 - (Math.Exp(-z * z) / (fraction * Math.Sqrt(Math.PI))));
    }
}
