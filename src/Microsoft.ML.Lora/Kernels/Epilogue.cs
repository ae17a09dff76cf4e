using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>What a product does to each tile of C while it is still in the first-level cache.</summary>
/// <remarks>
/// In this order: the product, + what C held when <see cref="Accumulate"/>, + bias, × dropout, + residual,
/// stored in C; then the activation, stored in <see cref="Activated"/>, or in C's place when that is empty.
/// </remarks>
internal readonly unsafe struct Epilogue
{
    /// <summary>N floats added to each row, or null.</summary>
    public float* Bias { get; init; }

    /// <summary><see cref="Bias"/> as a [1, N] view; empty for none.</summary>
    public Matrix BiasRow
    {
        init => Bias = value.Data;
    }

    /// <summary>Add to what C holds instead of overwriting it.</summary>
    public bool Accumulate { get; init; }

    /// <summary>Mask on product and bias, before the residual; empty for none.</summary>
    public DropoutMask Dropout { get; init; }

    /// <summary>[M, N] added to the result; empty for none.</summary>
    public Matrix Residual { get; init; }

    /// <summary>Applied last.</summary>
    public Activation Activation { get; init; }

    /// <summary>[M, N] that receives the activation while C keeps the pre-activation; empty: in place.</summary>
    public Matrix Activated { get; init; }

    /// <summary>
    /// Mask on the tail's share of the product alone: the input gradient of an adapter whose input went through dropout.
    /// </summary>
    public DropoutMask TailDropout { get; init; }
}
