using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Element-wise operations on matrices of one shape. A destination may be one of the sources.</summary>
internal static unsafe class Elementwise
{
    /// <summary>y += x.</summary>
    public static void Add(Matrix x, Matrix y) => AddScaled(x, 1, y);

    /// <summary>y += scale · x.</summary>
    public static void AddScaled(Matrix x, float scale, Matrix y)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            for (var c = 0; c < x.Columns; c++)
            {
                y.RowPointer(row)[c] += scale * x.RowPointer(row)[c];
            }
        }
    }

    /// <summary>y = scale · x.</summary>
    public static void Scale(Matrix x, float scale, Matrix y)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            for (var c = 0; c < x.Columns; c++)
            {
                y.RowPointer(row)[c] = scale * x.RowPointer(row)[c];
            }
        }
    }

    /// <summary>y = x · z.</summary>
    public static void Multiply(Matrix x, Matrix z, Matrix y)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            for (var c = 0; c < x.Columns; c++)
            {
                y.RowPointer(row)[c] = x.RowPointer(row)[c] * z.RowPointer(row)[c];
            }
        }
    }

    /// <summary>y = drop(x): its own backward pass.</summary>
    public static void Dropout(Matrix x, in DropoutMask mask, Matrix y)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            for (var c = 0; c < x.Columns; c++)
            {
                y.RowPointer(row)[c] = mask.Factor(row, c) * x.RowPointer(row)[c];
            }
        }
    }
}
