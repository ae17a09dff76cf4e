namespace Microsoft.ML.Lora.Kernels;

/// <summary>What kernels are compiled for.</summary>
internal enum InstructionSet
{
    Scalar,
    Vector128,
    Avx2,
    Avx512,
}
