namespace Microsoft.ML.Lora.Kernels;

/// <summary>What an attention layer does, apart from its operands.</summary>
/// <param name="Heads">H; an operand row holds H runs of D floats.</param>
/// <param name="Scale">Multiplies query · key; 1/√D usually.</param>
internal readonly record struct AttentionSpec(int Heads, float Scale)
{
    /// <summary>Added to the scaled scores.</summary>
    public AttentionBias Bias { get; init; }

    /// <summary>Mask on the probabilities: row = query row · H + head, column = key's place in its sequence.</summary>
    public DropoutMask Dropout { get; init; }
}
