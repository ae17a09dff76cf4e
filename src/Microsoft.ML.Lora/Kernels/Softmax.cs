using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Row-wise softmax.</summary>
internal static class Softmax
{
    /// <summary>y = softmax(x) per row; y may be x.</summary>
    public static void Forward(Matrix x, Matrix y)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            var source = x[row];
            var target = y[row];
            var greatest = float.NegativeInfinity;
            foreach (var value in source)
            {
                greatest = MathF.Max(greatest, value);
            }

            var sum = 0f;
            for (var c = 0; c < source.Length; c++)
            {
                target[c] = MathF.Exp(source[c] - greatest);
                sum += target[c];
            }

            foreach (ref var value in target)
            {
                value /= sum;
            }
        }
    }
}
