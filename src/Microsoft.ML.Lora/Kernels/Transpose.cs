using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Matrix transposition, four by four.</summary>
internal static unsafe class Transpose
{
    /// <summary>destination [N, M] = scale · sourceᵀ, source [M, N].</summary>
    public static void Run(Matrix source, Matrix destination, float scale = 1) =>
        Run(source.Data, source.Stride, source.Rows, source.Columns, destination.Data, destination.Stride, scale);

    /// <summary>The same on pointers; strides count floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        float* source, nint sourceStride, int rows, int columns, float* destination, nint destinationStride, float scale)
    {
        var row = 0;
        for (; row + 4 <= rows && Vector128.IsHardwareAccelerated; row += 4)
        {
            var from = source + (row * sourceStride);
            var to = destination + row;
            var column = 0;
            for (; column + 4 <= columns; column += 4, from += 4, to += 4 * destinationStride)
            {
                Block(from, sourceStride, to, destinationStride, Vector128.Create(scale));
            }

            for (; column < columns; column++, from++, to += destinationStride)
            {
                for (var i = 0; i < 4; i++)
                {
                    to[i] = scale * from[i * sourceStride];
                }
            }
        }

        for (; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                destination[(column * destinationStride) + row] = scale * source[(row * sourceStride) + column];
            }
        }
    }

    /// <summary>The lower halves of two vectors, interleaved.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    /// <summary>The upper ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(float* from, nint fromStride, float* to, nint toStride, Vector128<float> scale)
    {
        var a = Vector128.Load(from) * scale;
        var b = Vector128.Load(from + fromStride) * scale;
        var c = Vector128.Load(from + (2 * fromStride)) * scale;
        var d = Vector128.Load(from + (3 * fromStride)) * scale;
        var acLow = Low(a, c);
        var acHigh = High(a, c);
        var bdLow = Low(b, d);
        var bdHigh = High(b, d);
        Low(acLow, bdLow).Store(to);
        High(acLow, bdLow).Store(to + toStride);
        Low(acHigh, bdHigh).Store(to + (2 * toStride));
        High(acHigh, bdHigh).Store(to + (3 * toStride));
    }
}
