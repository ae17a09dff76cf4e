namespace Microsoft.ML.Lora.Models.Heads;

/// <summary>What the head reads of a sequence.</summary>
internal enum Pooling
{
    /// <summary>What the family's classification head reads in transformers: the first token.</summary>
    FamilyHead,

    /// <summary>The mean of the last layer's states, straight into the output layer.</summary>
    Mean,

    /// <summary>The first token's last state, straight into the output layer.</summary>
    FirstToken,
}

/// <summary>The head a task asks for.</summary>
internal sealed record HeadSpec
{
    /// <summary>Number of outputs: classes, or 1 for a number.</summary>
    public required int Outputs { get; init; }

    /// <summary>What the head reads.</summary>
    public Pooling Pooling { get; init; } = Pooling.FamilyHead;

    /// <summary>Probability of dropping an input of the output layer while training, in [0, 1).</summary>
    public float Dropout { get; init; }
}
