using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The mean of each sequence's rows.</summary>
internal static class MeanPooling
{
    /// <summary>y[b] = mean of x's rows offsets[b] … offsets[b + 1] − 1; zero for an empty sequence.</summary>
    public static void Forward(Matrix x, ReadOnlySpan<int> offsets, Matrix y)
    {
        for (var b = 0; b + 1 < offsets.Length; b++)
        {
            var mean = y.SliceRows(b, 1);
            mean.Clear();
            for (var row = offsets[b]; row < offsets[b + 1]; row++)
            {
                Elementwise.Add(x.SliceRows(row, 1), mean);
            }

            Elementwise.Scale(mean, 1f / Math.Max(1, offsets[b + 1] - offsets[b]), mean);
        }
    }

    /// <summary>gradX[row] = gradY[b] / length, overwritten.</summary>
    public static void Backward(Matrix gradY, ReadOnlySpan<int> offsets, Matrix gradX)
    {
        for (var b = 0; b + 1 < offsets.Length; b++)
        {
            for (var row = offsets[b]; row < offsets[b + 1]; row++)
            {
                Elementwise.Scale(gradY.SliceRows(b, 1), 1f / (offsets[b + 1] - offsets[b]), gradX.SliceRows(row, 1));
            }
        }
    }
}
