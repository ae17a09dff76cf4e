using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>
/// MPNet's bias by relative position: distances fall into buckets, the near ones singly and the far ones by their logarithm, half of
/// them for either direction, and each head has one number for a bucket (Raffel et al. 2020, section 2.1).
/// </summary>
internal sealed class RelativePositionBias : IDisposable
{
    private const int FarthestTold = 128;

    private readonly AlignedBuffer _byDistance;

    /// <summary>Spreads the table of buckets over all distances.</summary>
    /// <param name="table">[buckets, heads].</param>
    /// <param name="longest">The longest sequence.</param>
    public RelativePositionBias(StoredTensor table, int longest)
    {
        int buckets = (int)table.Shape[0];
        int heads = (int)table.Shape[1];
        float[] values = table.ToArray();
        int columns = (2 * longest) - 1;
        _byDistance = new AlignedBuffer((long)heads * columns);
        Matrix byDistance = _byDistance.AsMatrix(heads, columns);
        for (int column = 0; column < columns; column++)
        {
            int bucket = Bucket(column - (longest - 1), buckets / 2);
            for (int head = 0; head < heads; head++)
            {
                byDistance[head][column] = values[(bucket * heads) + head];
            }
        }

        Bias = new AttentionBias { Relative = byDistance };
    }

    /// <summary>What is added to attention scores.</summary>
    public AttentionBias Bias { get; }

    /// <inheritdoc/>
    public void Dispose() => _byDistance.Dispose();

    // Single precision throughout: the bucket's edges are where PyTorch's are.
    private static int Bucket(int keyMinusQuery, int perDirection)
    {
        int side = keyMinusQuery > 0 ? perDirection : 0;
        int distance = Math.Abs(keyMinusQuery);
        int single = perDirection / 2;
        if (distance < single)
        {
            return side + distance;
        }

        float share = MathF.Log((float)distance / single) / (float)Math.Log((double)FarthestTold / single);
        return side + Math.Min(perDirection - 1, single + (int)(share * (perDirection - single)));
    }
}
