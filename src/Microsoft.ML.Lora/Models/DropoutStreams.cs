namespace Microsoft.ML.Lora.Models;

/// <summary>Numbers of the random streams of a model's own dropout within a pass; adapters have those from 0 on.</summary>
internal static class DropoutStreams
{
    public const long Head = -1;
    public const long Embeddings = -2;

    private const long FirstOfLayers = -3;
    private const int PerLayer = 3;

    public static long Attention(int layer) => FirstOfLayers - (PerLayer * layer);

    public static long AttentionOutput(int layer) => Attention(layer) - 1;

    public static long Output(int layer) => Attention(layer) - 2;
}
