using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>What one layer keeps of one pass; each kind of layer has its own.</summary>
internal abstract class LayerMemo
{
    /// <summary>Whether a backward pass will follow, so that nothing may be overwritten.</summary>
    public bool Keep { get; set; }
}

/// <summary>One layer of an encoder.</summary>
internal abstract class EncoderLayer : IDisposable
{
    /// <summary>The places of its linear layers, in the order they are computed.</summary>
    public abstract IReadOnlyList<LinearSlot> Slots { get; }

    /// <summary>Its layer norms.</summary>
    public abstract IReadOnlyList<NormLayer> Norms { get; }

    /// <summary>Whether anything in it is trained.</summary>
    public bool IsTrained => Slots.Any(slot => slot.Layer.IsTrained) || Norms.Any(norm => norm.IsTrained);

    /// <summary>Memory for what it keeps.</summary>
    public abstract LayerMemo CreateMemo();

    /// <summary>Packs the weights and settles how far down the backward pass has to go.</summary>
    /// <param name="inputGradient">Whether anything below the layer is trained.</param>
    public abstract void Prepare(bool inputGradient);

    /// <summary>Computes the layer.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="memo">Receives what the backward pass needs.</param>
    /// <param name="input">[T, C].</param>
    /// <param name="output">[T, C], or [B, C]: then only the first token of each sequence is computed.</param>
    public abstract void Forward(Pass pass, LayerMemo memo, Matrix input, Matrix output);

    /// <summary>Adds the gradients of what is trained, and gives the input's.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="memo">What the forward pass kept.</param>
    /// <param name="grad">The gradient of the output, of its shape; overwritten.</param>
    /// <returns>The gradient of the input [T, C]; of no meaning where nothing below is trained.</returns>
    public abstract Matrix Backward(Pass pass, LayerMemo memo, Matrix grad);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LinearSlot slot in Slots)
        {
            slot.Layer.Dispose();
        }

        foreach (NormLayer norm in Norms)
        {
            norm.Dispose();
        }
    }
}
