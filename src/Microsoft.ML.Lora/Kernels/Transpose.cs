using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Matrix transposition.</summary>
internal static unsafe class Transpose
{
    // A block of 16 columns is 16 cache lines of the source, read whole, and rows of one line of the destination.
    private const int Block = 16;

    /// <summary>destination [N, M] = sourceᵀ, source [M, N].</summary>
    public static void Run(Matrix source, Matrix destination)
    {
        for (var first = 0; first < source.Rows; first += Block)
        {
            var last = Math.Min(first + Block, source.Rows);
            for (var column = 0; column < source.Columns; column++)
            {
                var target = destination.RowPointer(column);
                for (var row = first; row < last; row++)
                {
                    target[row] = source.RowPointer(row)[column];
                }
            }
        }
    }
}
