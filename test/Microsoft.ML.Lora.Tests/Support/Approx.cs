using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>Comparison of float results with expectations in double.</summary>
internal static unsafe class Approx
{
    /// <summary>Every |actual − expected| ≤ tolerance · (1 + |expected|).</summary>
    public static void Equal(double[,] expected, Matrix actual, double tolerance, string what = "result")
    {
        Assert.Equal(expected.GetLength(0), actual.Rows);
        Assert.Equal(expected.GetLength(1), actual.Columns);
        for (var row = 0; row < actual.Rows; row++)
        {
            for (var column = 0; column < actual.Columns; column++)
            {
                var wanted = expected[row, column];
                var found = actual.RowPointer(row)[column];
                Assert.True(
                    Math.Abs(found - wanted) <= tolerance * (1 + Math.Abs(wanted)),
                    $"{what}[{row}, {column}] = {found:g9}, expected {wanted:g9} ± {tolerance:g2}.");
            }
        }
    }

    /// <summary>The same bits.</summary>
    public static void SameBits(Matrix expected, Matrix actual, string what = "result")
    {
        for (var row = 0; row < actual.Rows; row++)
        {
            for (var column = 0; column < actual.Columns; column++)
            {
                Assert.True(
                    BitConverter.SingleToInt32Bits(expected.RowPointer(row)[column])
                    == BitConverter.SingleToInt32Bits(actual.RowPointer(row)[column]),
                    $"{what}[{row}, {column}] differs in its bits.");
            }
        }
    }
}
