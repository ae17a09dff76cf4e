using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// A weight of the base with its update added, row by row: W + s·B·A, and with DoRA each row scaled to its length.
/// Sums are in double precision and rounded once.
/// </summary>
internal sealed class MergedTensor(StoredTensor weight, AdapterTensor a, AdapterTensor b, AdapterTensor? magnitude, float scaling)
{
    /// <summary>The update of a module's weight; null when the state has none.</summary>
    /// <exception cref="InvalidDataException">The update does not fit the weight.</exception>
    public static MergedTensor? Find(StoredTensor weight, string module, AdapterConfig config, AdapterState state)
    {
        var a = state.Find(module + PeftKeys.Down);
        var b = state.Find(module + PeftKeys.Up);
        if (a is null || b is null)
        {
            return null;
        }

        var fits = weight.Shape.Length == 2 && a.Shape is [var rank, var columns] && b.Shape is [var rows, var inner]
            && inner == rank && weight.HasShape(rows, columns) && config.RankAndScaling(module).Rank == rank;
        if (!fits)
        {
            Throw.InvalidData_File(
                weight.File,
                $"{Throw.Quote(weight.Name)} {weight.ShapeText} does not take an update of [{string.Join(", ", b.Shape)}]·[{string.Join(", ", a.Shape)}] at rank {config.RankAndScaling(module).Rank}.");
        }

        return new MergedTensor(
            weight, a, b, state.Find(module + PeftKeys.Magnitude), config.RankAndScaling(module).Scaling);
    }

    /// <summary>Writes the merged elements as floats.</summary>
    public void WriteTo(Stream stream)
    {
        var (rows, columns) = (b.Shape[0], a.Shape[1]);
        var row = new float[columns];
        var sums = new double[columns];
        for (var i = 0; i < rows; i++)
        {
            weight.CopyTo(row, (long)i * columns);
            AddUpdate(i, row, sums);
            var length = magnitude is null ? 1 : magnitude.Values[i] / Math.Sqrt(sums.Sum(value => value * value));
            for (var k = 0; k < columns; k++)
            {
                row[k] = (float)(length * sums[k]);
            }

            stream.Write(MemoryMarshal.AsBytes<float>(row));
        }
    }

    private void AddUpdate(int row, float[] weights, double[] sums)
    {
        var (rank, columns) = (a.Shape[0], a.Shape[1]);
        Array.Clear(sums);
        for (var r = 0; r < rank; r++)
        {
            double factor = b.Values[(row * rank) + r];
            var direction = a.Values.AsSpan(r * columns, columns);
            for (var k = 0; k < sums.Length; k++)
            {
                sums[k] += factor * direction[k];
            }
        }

        for (var k = 0; k < sums.Length; k++)
        {
            sums[k] = weights[k] + (scaling * sums[k]);
        }
    }
}
