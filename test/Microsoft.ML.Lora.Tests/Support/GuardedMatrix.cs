using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>
/// A matrix whose neighbourhood is watched: NaN before it and between its rows, checked by <see cref="Check"/>, and on
/// Linux a page right behind its last element that may not be touched.
/// </summary>
internal sealed unsafe class GuardedMatrix : IDisposable
{
    private const int Page = 4096;
    private const int Before = 32;

    private readonly byte* _block;
    private readonly nuint _bytes;
    private readonly bool _mapped;
    private readonly float* _first;

    public GuardedMatrix(int rows, int columns, int gap = 0)
    {
        var stride = columns + gap;
        var floats = Before + Math.Max(0, ((rows - 1) * stride) + columns);
        var pages = (nuint)((floats * sizeof(float)) + Page - 1) / Page;
        _bytes = (pages + 1) * Page;
        _mapped = OperatingSystem.IsLinux();
        _block = _mapped ? Map(_bytes) : (byte*)NativeMemory.AlignedAlloc(_bytes, Page);
        if (_mapped && mprotect(_block + (pages * Page), Page, 0) != 0)
        {
            throw new InvalidOperationException("The guard page could not be set up.");
        }

        _first = (float*)(_block + (pages * Page)) - floats;
        new Span<float>(_first, floats).Fill(float.NaN);
        View = new Matrix(_first + Before, rows, columns, stride);
    }

    public Matrix View { get; }

    public static GuardedMatrix Random(int rows, int columns, string name, int gap = 0)
    {
        var matrix = new GuardedMatrix(rows, columns, gap);
        var stream = new RandomStream(7, name);
        for (var row = 0; row < rows; row++)
        {
            stream.Fork(row).FillUniform(matrix.View[row], -1, 1);
        }

        return matrix;
    }

    /// <summary>Fails when anything but the elements was written, or an element is not a number.</summary>
    public void Check()
    {
        for (var i = 0; i < Before; i++)
        {
            Assert.True(float.IsNaN(_first[i]), $"Float {i - Before} before the matrix was overwritten.");
        }

        for (var row = 0; row < View.Rows; row++)
        {
            for (var column = 0; column < View.Stride && (column < View.Columns || row + 1 < View.Rows); column++)
            {
                var outside = column >= View.Columns;
                Assert.True(
                    float.IsNaN(View.RowPointer(row)[column]) == outside,
                    outside ? $"The gap after row {row} was overwritten." : $"Element ({row}, {column}) is NaN.");
            }
        }
    }

    public double[,] ToDouble()
    {
        var copy = new double[View.Rows, View.Columns];
        for (var row = 0; row < View.Rows; row++)
        {
            for (var column = 0; column < View.Columns; column++)
            {
                copy[row, column] = View.RowPointer(row)[column];
            }
        }

        return copy;
    }

    public void Dispose()
    {
        if (_mapped)
        {
            _ = munmap(_block, _bytes);
        }
        else
        {
            NativeMemory.AlignedFree(_block);
        }
    }

    private static byte* Map(nuint bytes)
    {
        const int ReadWrite = 3;
        const int PrivateAnonymous = 0x22;
        var block = mmap(null, bytes, ReadWrite, PrivateAnonymous, -1, 0);
        return (nint)block == -1 ? throw new OutOfMemoryException() : block;
    }

    [DllImport("libc")]
    private static extern byte* mmap(void* address, nuint length, int protection, int flags, int file, long offset);

    [DllImport("libc")]
    private static extern int mprotect(void* address, nuint length, int protection);

    [DllImport("libc")]
    private static extern int munmap(void* address, nuint length);
}
