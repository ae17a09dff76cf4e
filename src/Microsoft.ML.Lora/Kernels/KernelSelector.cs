using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Chooses the instruction set: the first in an ordered list that this machine has.</summary>
/// <remarks>The environment variable MLNET_LORA_KERNEL (avx512, avx2, vector128, scalar) overrides the choice.</remarks>
internal static class KernelSelector
{
    /// <summary>Name of the environment variable that overrides the choice.</summary>
    public const string Variable = "MLNET_LORA_KERNEL";

    /// <summary>Every set this machine can run, best first.</summary>
    public static IReadOnlyList<InstructionSet> Available { get; } = [.. Supported()];

    /// <summary>The set in use.</summary>
    public static InstructionSet Current { get; private set; } = FromEnvironment();

    /// <summary>Runs on another set until the result is disposed; for tests and benchmarks that run alone.</summary>
    public static IDisposable Use(InstructionSet set)
    {
        if (!Available.Contains(set))
        {
            throw new PlatformNotSupportedException($"This machine cannot run {set} kernels; it has {Names()}.");
        }

        var restore = new Restore(Current);
        Current = set;
        return restore;
    }

    /// <summary>Runs a kernel compiled for the set in use.</summary>
    public static void Run<TKernel>(ref TKernel kernel)
        where TKernel : struct, ISimdKernel, allows ref struct
    {
        switch (Current)
        {
            case InstructionSet.Avx512:
                kernel.Run<Simd512, Vector512<float>>();
                break;
            case InstructionSet.Avx2:
                kernel.Run<Simd256, Vector256<float>>();
                break;
            case InstructionSet.Vector128:
                kernel.Run<Simd128, Vector128<float>>();
                break;
            default:
                kernel.Run<SimdScalar, float>();
                break;
        }
    }

    /// <summary>Parses a value of <see cref="Variable"/>; empty means the best available.</summary>
    /// <exception cref="PlatformNotSupportedException">No such set, or not on this machine.</exception>
    internal static InstructionSet Parse(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            return Available[0];
        }

        if (Enum.TryParse<InstructionSet>(name.Trim(), ignoreCase: true, out var set) && Available.Contains(set))
        {
            return set;
        }

        throw new PlatformNotSupportedException(
            $"{Variable}={name} cannot be used: this machine has {Names()}. Unset it to use the best of them.");
    }

    private static InstructionSet FromEnvironment() => Parse(Environment.GetEnvironmentVariable(Variable));

    private static IEnumerable<InstructionSet> Supported()
    {
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
        {
            yield return InstructionSet.Avx512;
        }

        if (Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported)
        {
            yield return InstructionSet.Avx2;
        }

        if (Vector128.IsHardwareAccelerated)
        {
            yield return InstructionSet.Vector128;
        }

        yield return InstructionSet.Scalar;
    }

    private static string Names() => string.Join(", ", Available).ToLowerInvariant();

    private sealed class Restore(InstructionSet previous) : IDisposable
    {
        public void Dispose() => Current = previous;
    }
}
