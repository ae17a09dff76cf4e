using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>
/// MPNet's bias by relative position: distances fall into buckets, the near ones singly and the far ones by their logarithm, half of
/// them for either direction, and each head has one number for a bucket (Raffel et al. 2020, section 2.1). It may be trained.
/// </summary>
internal sealed class RelativePositionBias : IDisposable
{
    private const int FarthestTold = 128;

    private readonly string _path;
    private readonly float[] _stored;
    private readonly int[] _bucketOfColumn;
    private readonly int _buckets;
    private readonly AlignedBuffer _byDistance;
    private Parameter? _parameter;

    /// <summary>Reads the table.</summary>
    /// <param name="path">The table's name.</param>
    /// <param name="table">[buckets, heads].</param>
    /// <param name="longest">The longest sequence.</param>
    public RelativePositionBias(string path, StoredTensor table, int longest)
    {
        _path = path;
        _buckets = (int)table.Shape[0];
        Heads = (int)table.Shape[1];
        _stored = table.ToArray();
        _bucketOfColumn = [.. Enumerable.Range(1 - longest, (2 * longest) - 1).Select(distance => Bucket(distance, _buckets / 2))];
        _byDistance = new AlignedBuffer((long)Heads * _bucketOfColumn.Length);
        Bias = new AttentionBias { Relative = ByDistance };
    }

    /// <summary>What is added to attention scores.</summary>
    public AttentionBias Bias { get; }

    /// <summary>Number of heads.</summary>
    public int Heads { get; }

    /// <summary>Whether it is trained.</summary>
    public bool IsTrained => _parameter is not null;

    /// <summary>Number of its numbers that are not trained.</summary>
    public long FrozenCount => IsTrained ? 0 : _stored.Length;

    private Matrix ByDistance => _byDistance.AsMatrix(Heads, _bucketOfColumn.Length);

    /// <summary>Has the table trained.</summary>
    public void Train(ParameterSet parameters) =>
        _parameter ??= parameters.Add(_path, ParameterRole.Weight, _buckets, Heads);

    /// <summary>Gives it its start, and spreads the table over all distances.</summary>
    public void Prepare()
    {
        if (_parameter is not null)
        {
            _stored.CopyTo(_parameter.Value.Span);
        }

        Refresh();
    }

    /// <summary>Spreads the table, changed, over all distances.</summary>
    public void Refresh()
    {
        ReadOnlySpan<float> values = _parameter is null ? _stored : _parameter.Value.Span;
        Matrix byDistance = ByDistance;
        for (int head = 0; head < Heads; head++)
        {
            Span<float> row = byDistance[head];
            for (int column = 0; column < row.Length; column++)
            {
                row[column] = values[(_bucketOfColumn[column] * Heads) + head];
            }
        }
    }

    /// <summary>Adds the table's gradient.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="grad">[sequences · heads, 2L − 1] for any L: the gradients by distance, distance 0 in the middle.</param>
    public void Backward(Pass pass, Matrix grad)
    {
        Matrix gradTable = _parameter!.In(pass.Gradients!);
        int shift = (_bucketOfColumn.Length / 2) - (grad.Columns / 2);
        for (int item = 0; item < grad.Rows; item++)
        {
            ReadOnlySpan<float> row = grad[item];
            for (int column = 0; column < row.Length; column++)
            {
                gradTable[_bucketOfColumn[shift + column]][item % Heads] += row[column];
            }
        }
    }

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
