using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>A factor for each column of a product, where row lengths of a weight are trained (DoRA).</summary>
internal static class ColumnScaling
{
    /// <summary>y = x · scale + bias, and what <paramref name="epilogue"/> adds after the bias.</summary>
    /// <param name="x">[M, N].</param>
    /// <param name="scale">[1, N].</param>
    /// <param name="bias">[1, N], or empty for none.</param>
    /// <param name="y">[M, N].</param>
    /// <param name="epilogue">Residual, activation and where it is written.</param>
    public static void Forward(Matrix x, Matrix scale, Matrix bias, Matrix y, in Epilogue epilogue)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            var target = y.SliceRows(row, 1);
            Elementwise.Multiply(x.SliceRows(row, 1), scale, target);
            if (!bias.IsEmpty)
            {
                Elementwise.Add(bias, target);
            }

            if (!epilogue.Residual.IsEmpty)
            {
                Elementwise.Add(epilogue.Residual.SliceRows(row, 1), target);
            }
        }

        if (epilogue.Activation != Activation.None)
        {
            Activations.Forward(epilogue.Activation, y, epilogue.Activated.IsEmpty ? y : epilogue.Activated);
        }
    }

    /// <summary>gradX = gradY · scale, and gradScale += the column sums of gradY · x · factor.</summary>
    /// <param name="gradY">[M, N].</param>
    /// <param name="x">[M, N], the forward pass's.</param>
    /// <param name="scale">[1, N].</param>
    /// <param name="factor">[1, N].</param>
    /// <param name="gradX">[M, N].</param>
    /// <param name="gradScale">[1, N], added to.</param>
    public static void Backward(Matrix gradY, Matrix x, Matrix scale, Matrix factor, Matrix gradX, Matrix gradScale)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            var grad = gradY.SliceRows(row, 1);
            var target = gradX.SliceRows(row, 1);
            Elementwise.Multiply(grad, x.SliceRows(row, 1), target);
            Elementwise.Multiply(target, factor, target);
            Elementwise.Add(target, gradScale);
            Elementwise.Multiply(grad, scale, target);
        }
    }
}
