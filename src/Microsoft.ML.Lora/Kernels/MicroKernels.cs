using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using static Microsoft.ML.Lora.Kernels.RowCounts;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The micro-kernels of each instruction set, widest panel first.</summary>
internal static unsafe class MicroKernels
{
    private static readonly MicroKernel[] _avx512 =
    [
        new(32, PanelElement.Float32, TwoVectors<Simd512, Vector512<float>>(12)),
        new(16, PanelElement.Float32, OneVector<Simd512, Vector512<float>>()),
        new(8, PanelElement.Float32, OneVector<Simd256, Vector256<float>>()),
    ];

    private static readonly MicroKernel[] _avx2 =
    [
        new(16, PanelElement.Float32, TwoVectors<Simd256, Vector256<float>>(6)),
        new(8, PanelElement.Float32, OneVector<Simd256, Vector256<float>>()),
    ];

    private static readonly MicroKernel[] _vector128 =
    [
        new(8, PanelElement.Float32, TwoVectors<Simd128, Vector128<float>>(AdvSimd.IsSupported ? 12 : 6)),
        new(4, PanelElement.Float32, OneVector<Simd128, Vector128<float>>()),
    ];

    private static readonly MicroKernel[] _scalar =
    [
        new(2, PanelElement.Float32, TwoVectors<SimdScalar, float>(6)),
        new(1, PanelElement.Float32, OneVector<SimdScalar, float>()),
    ];

    /// <summary>The kernels of an instruction set; each panel width is half of the one before.</summary>
    public static ReadOnlySpan<MicroKernel> Of(InstructionSet set) => set switch
    {
        InstructionSet.Avx512 => _avx512,
        InstructionSet.Avx2 => _avx2,
        InstructionSet.Vector128 => _vector128,
        _ => _scalar,
    };

    private static nint[] TwoVectors<S, V>(int maxRows)
        where S : struct, ISimd<V>
        where V : struct
    {
        nint[] all =
        [
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows1>, (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows2>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows3>, (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows4>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows5>, (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows6>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows7>, (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows8>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows9>, (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows10>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows11>, (nint)(delegate*<MicroTile*, void>)&MicroKernelTwoVectors<S, V>.Run<Rows12>,
        ];
        return all[..maxRows];
    }

    private static nint[] OneVector<S, V>()
        where S : struct, ISimd<V>
        where V : struct =>
        [
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows1>, (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows2>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows3>, (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows4>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows5>, (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows6>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows7>, (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows8>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows9>, (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows10>,
            (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows11>, (nint)(delegate*<MicroTile*, void>)&MicroKernelOneVector<S, V>.Run<Rows12>,
        ];
}
