using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Layers;

/// <summary>What a linear layer keeps from its forward pass for the backward pass.</summary>
internal struct LinearMemo
{
    /// <summary>The input [M, in].</summary>
    public Matrix Input;

    /// <summary>s · drop(input) · Aᵀ [M, r], where there is an adapter.</summary>
    public Matrix LowRank;

    /// <summary>The product before it is scaled by row lengths [M, out], where they are trained.</summary>
    public Matrix Product;

    /// <summary>The dropout of the adapter's input.</summary>
    public DropoutMask Dropout;
}

/// <summary>y = x · Wᵀ + b, with W [out, in]: what can stand in a <see cref="LinearSlot"/>.</summary>
internal abstract class LinearLayer(string name, int inFeatures, int outFeatures) : IDisposable
{
    /// <summary>The module path.</summary>
    public string Name { get; } = name;

    /// <summary>Width of the input.</summary>
    public int InFeatures { get; } = inFeatures;

    /// <summary>Width of the output.</summary>
    public int OutFeatures { get; } = outFeatures;

    /// <summary>Whether anything in it is trained.</summary>
    public abstract bool IsTrained { get; }

    /// <summary>Number of its numbers that are not trained.</summary>
    public virtual long FrozenCount => 0;

    /// <summary>Packs the weights.</summary>
    /// <param name="inputGradient">Whether a gradient will be asked for its input.</param>
    public abstract void Prepare(bool inputGradient);

    /// <summary>Takes changed parameters into the packed weights.</summary>
    public virtual void Refresh()
    {
    }

    /// <summary>Computes the output.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="input">[M, in]; stays valid until the backward pass.</param>
    /// <param name="output">[M, out].</param>
    /// <param name="epilogue">What is done to the output on the way; the bias is added to it here.</param>
    /// <param name="memo">Receives what the backward pass needs.</param>
    public abstract void Forward(Pass pass, Matrix input, Matrix output, in Epilogue epilogue, ref LinearMemo memo);

    /// <summary>Adds the gradients of what is trained, and gives the input's.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="memo">What the forward pass kept.</param>
    /// <param name="gradOutput">[M, out].</param>
    /// <param name="gradInput">[M, in], or default where it is not needed.</param>
    /// <param name="accumulate">Add to <paramref name="gradInput"/> instead of overwriting it.</param>
    public abstract void Backward(Pass pass, in LinearMemo memo, Matrix gradOutput, Matrix gradInput, bool accumulate);

    /// <inheritdoc/>
    public abstract void Dispose();
}
