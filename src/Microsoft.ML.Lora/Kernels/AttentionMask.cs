namespace Microsoft.ML.Lora.Kernels;

/// <summary>Dropout on the probabilities of one head: row = (query row in the batch) · H + head.</summary>
internal unsafe readonly struct AttentionMask(DropoutMask mask, int heads, int head, int firstQuery)
{
    public bool IsEmpty => mask.IsEmpty;

    /// <summary>y = x · factors of block row <paramref name="row"/>.</summary>
    public void Apply<S, V>(int row, float* x, float* y, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        var number = ((mask.FirstRow + firstQuery + row) * heads) + head;
        ElementwiseRow<S, V>.Dropout(x, mask.RowKey(number - mask.FirstRow), 0, mask.Threshold, mask.KeepScale, y, count);
    }
}
