using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Sums in a fixed order.</summary>
internal static class Reductions
{
    /// <summary>Σ x², in double precision.</summary>
    public static double SumOfSquares(ReadOnlySpan<float> x)
    {
        var sum = 0.0;
        foreach (var value in x)
        {
            sum += (double)value * value;
        }

        return sum;
    }

    /// <summary>sums[c] += Σ over rows of x[row, c] (the gradient of a bias).</summary>
    public static void AddColumnSums(Matrix x, Span<float> sums)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            for (var c = 0; c < x.Columns; c++)
            {
                sums[c] += x[row][c];
            }
        }
    }

    /// <summary>True when every element is a finite number.</summary>
    public static bool AllFinite(ReadOnlySpan<float> x)
    {
        foreach (var value in x)
        {
            if (!float.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }
}
