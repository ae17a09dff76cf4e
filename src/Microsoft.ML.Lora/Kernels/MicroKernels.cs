using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using static Microsoft.ML.Lora.Kernels.RowCounts;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The micro-kernels of each instruction set, widest panel first.</summary>
internal static unsafe class MicroKernels
{
    private static readonly MicroKernel[] _avx512 =
    [
        TwoVectors<Simd512, Vector512<float>>(32, 12),
        OneVector<Simd512, Vector512<float>>(16, 12),
        OneVector<Simd256, Vector256<float>>(8, 12),
    ];

    private static readonly MicroKernel[] _avx2 =
    [
        TwoVectors<Simd256, Vector256<float>>(16, 6),
        OneVector<Simd256, Vector256<float>>(8, 12),
    ];

    private static readonly MicroKernel[] _vector128 =
    [
        TwoVectors<Simd128, Vector128<float>>(8, AdvSimd.IsSupported ? 12 : 6),
        OneVector<Simd128, Vector128<float>>(4, 12),
    ];

    private static readonly MicroKernel[] _scalar =
    [
        TwoVectors<SimdScalar, float>(2, 6),
        OneVector<SimdScalar, float>(1, 12),
    ];

    /// <summary>The kernels of an instruction set; each panel width is half of the one before.</summary>
    public static ReadOnlySpan<MicroKernel> Of(InstructionSet set) => set switch
    {
        InstructionSet.Avx512 => _avx512,
        InstructionSet.Avx2 => _avx2,
        InstructionSet.Vector128 => _vector128,
        _ => _scalar,
    };

    private static MicroKernel TwoVectors<S, V>(int panelWidth, int maxRows)
        where S : struct, ISimd<V>
        where V : struct => new(
            panelWidth,
            TwoVectors<S, V, Float32Element>()[..maxRows],
            TwoVectors<S, V, Float16Element>()[..maxRows],
            TwoVectors<S, V, BFloat16Element>()[..maxRows]);

    private static MicroKernel OneVector<S, V>(int panelWidth, int maxRows)
        where S : struct, ISimd<V>
        where V : struct => new(
            panelWidth,
            OneVector<S, V, Float32Element>()[..maxRows],
            OneVector<S, V, Float16Element>()[..maxRows],
            OneVector<S, V, BFloat16Element>()[..maxRows]);

    private static nint[] TwoVectors<S, V, TElement>()
        where S : struct, ISimd<V>
        where V : struct
        where TElement : struct, IPanelElement =>
        [
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows1>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows2>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows3>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows4>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows5>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows6>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows7>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows8>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows9>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows10>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows11>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V, TElement>.Run<Rows12>,
        ];

    private static nint[] OneVector<S, V, TElement>()
        where S : struct, ISimd<V>
        where V : struct
        where TElement : struct, IPanelElement =>
        [
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows1>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows2>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows3>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows4>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows5>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows6>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows7>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows8>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows9>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows10>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows11>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V, TElement>.Run<Rows12>,
        ];
}
