namespace Microsoft.ML.Lora.Kernels;

/// <summary>The number format of a packed panel. Micro-kernels compute on floats: others are widened, which is exact.</summary>
internal enum PanelElement
{
    /// <summary>IEEE binary32.</summary>
    Float32,

    /// <summary><see cref="Tensors.ShortFloat"/>: every IEEE binary16 number below 128.</summary>
    Float16,

    /// <summary>The upper half of a binary32.</summary>
    BFloat16,
}
