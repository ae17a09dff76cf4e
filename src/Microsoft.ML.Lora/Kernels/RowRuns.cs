using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// Whether a micro-kernel keeps a run of some rows of A in registers and spreads one number of it at a time, instead of a load for each.
/// </summary>
/// <remarks>
/// A thin tile multiplies once with each number of A it loads, as often as a core loads: its loads are the limit. One row in four
/// taken from registers leaves them room, and costs a shuffle on a unit that has nothing else to do.
/// </remarks>
internal unsafe interface IRowRun<V>
    where V : struct
{
    /// <summary>A constant: the members below are never called where it is false.</summary>
    static abstract bool IsKept { get; }

    /// <summary>The first <paramref name="count"/> numbers of a run of at most <see cref="CachePrefetch.Run"/>, and nothing beyond.</summary>
    static abstract V Load(float* source, nint count);

    /// <summary>The index of the number after; that of the first is default.</summary>
    static abstract V Next(V index);

    /// <summary>One number of a run in every lane.</summary>
    static abstract V Spread(V run, V index);
}

/// <summary>Every number is loaded when it is used.</summary>
internal readonly unsafe struct NoRowRun<V> : IRowRun<V>
    where V : struct
{
    public static bool IsKept => false;

    public static V Load(float* source, nint count) => default;

    public static V Next(V index) => default;

    public static V Spread(V run, V index) => default;
}

/// <summary>Runs for vectors of eight, where there are 32 registers.</summary>
internal readonly unsafe struct RowRun256 : IRowRun<Vector256<float>>
{
    public static bool IsKept => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source, nint count) => count == CachePrefetch.Run
        ? Vector256.Load(source)
        : Avx.MaskLoad(source, Vector256.LessThan(Vector256<int>.Indices, Vector256.Create((int)count)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Next(Vector256<float> index) => (index.AsInt32() + Vector256<int>.One).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Spread(Vector256<float> run, Vector256<float> index) =>
        Avx2.PermuteVar8x32(run, index.AsInt32());
}
