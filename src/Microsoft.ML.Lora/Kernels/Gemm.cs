using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>C = [A | tail] · B with B packed beforehand and an <see cref="Epilogue"/> fused in.</summary>
internal static unsafe class Gemm
{
    /// <summary>Computes the product.</summary>
    /// <param name="a">[M, K].</param>
    /// <param name="aTail">[M, R] times the first R tail rows of <paramref name="b"/>; empty to leave the tail out.</param>
    /// <param name="b">[K (+ tail), N].</param>
    /// <param name="c">[M, N].</param>
    /// <param name="epilogue">What happens to each tile of C.</param>
    /// <param name="team">Who computes; the bits do not depend on it.</param>
    public static void Multiply(
        Matrix a, Matrix aTail, PackedMatrix b, Matrix c, in Epilogue epilogue, ThreadTeam team)
    {
        for (var m = 0; m < c.Rows; m++)
        {
            for (var n = 0; n < c.Columns; n++)
            {
                var sum = Dot(a, m, b.View, 0, n, b.K);
                var tail = aTail.IsEmpty ? 0 : Dot(aTail, m, b.View, b.K, n, aTail.Columns);
                Finish(sum + (tail * epilogue.TailDropout.Factor(m, n)), m, n, c, epilogue);
            }
        }
    }

    private static float Dot(Matrix a, int row, Matrix b, int firstRow, int column, int count)
    {
        var sum = 0f;
        for (var k = 0; k < count; k++)
        {
            sum += a.RowPointer(row)[k] * b.RowPointer(firstRow + k)[column];
        }

        return sum;
    }

    private static void Finish(float sum, int m, int n, Matrix c, in Epilogue epilogue)
    {
        var target = c.RowPointer(m) + n;
        sum += epilogue.Accumulate ? *target : 0;
        sum += epilogue.Bias == null ? 0 : epilogue.Bias[n];
        sum *= epilogue.Dropout.Factor(m, n);
        sum += epilogue.Residual.IsEmpty ? 0 : epilogue.Residual.RowPointer(m)[n];
        *target = sum;
        var activated = epilogue.Activated.IsEmpty ? target : epilogue.Activated.RowPointer(m) + n;
        if (epilogue.Activation != Activation.None)
        {
            *activated = Activations.Value(epilogue.Activation, sum);
        }
    }
}
