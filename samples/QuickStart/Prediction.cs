namespace QuickStart;

/// <summary>What the model says of a text: the most probable class, and every class's probability.</summary>
public sealed class Prediction
{
    public string PredictedLabel { get; set; } = string.Empty;

    public float[] Score { get; set; } = [];
}
