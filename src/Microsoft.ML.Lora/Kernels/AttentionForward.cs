using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Attention forward, one (sequence, head) an item.</summary>
internal unsafe struct AttentionForward : IParallelJob
{
    public Matrix Q;
    public Matrix K;
    public Matrix V;
    public int Sequences;
    public int* QueryOffsets;
    public int* KeyOffsets;
    public AttentionSpec Spec;
    public Matrix Context;
    public Matrix Statistics;

    public readonly void Run(int item, int worker)
    {
        var sequence = item / Spec.Heads;
        var head = item % Spec.Heads;
        var firstQuery = QueryOffsets[sequence];
        var queries = QueryOffsets[sequence + 1] - firstQuery;
        var firstKey = KeyOffsets[sequence];
        var keys = KeyOffsets[sequence + 1] - firstKey;
        if (queries == 0 || keys == 0)
        {
            return;
        }

        var block = new AttentionBlock(Spec, head, Q.Columns / Spec.Heads, keys, copies: 2, scoreBlocks: 1);
        var transposedK = block.Transposed(K, firstKey, Spec.Scale);
        var v = block.Read(V, firstKey, keys);
        var scores = block.Take(AttentionBlock.QueryRows * block.PaddedKeys);
        var ahead = Next(item + 1, block.Size);
        for (var first = 0; first < queries; first += AttentionBlock.QueryRows)
        {
            var rows = Math.Min(AttentionBlock.QueryRows, queries - first);
            Rows(block, firstQuery + first, first, rows, transposedK, v, scores, ahead);
        }
    }

    private readonly NextHead Next(int item, int size)
    {
        var next = new NextHead(item, Spec.Heads, size, Sequences, QueryOffsets, KeyOffsets);
        next.AddKeys(K);
        next.AddQueries(Q);
        next.AddKeys(V);
        next.AddQueries(Context);
        return next;
    }

    // The block comes by value: scratch taken here is free again afterwards.
    private readonly void Rows(
        AttentionBlock block, int row, int place, int rows, float* transposedK, HeadRows v, float* scores,
        in NextHead ahead)
    {
        var own = stackalloc float[2 * AttentionBlock.QueryRows];
        var statistics = Statistics.IsEmpty ? own : Statistics.RowPointer(row) + (2 * block.Head);
        var statisticsStride = Statistics.IsEmpty ? 2 : Statistics.Stride;

        var product = block.Product(rows, block.PaddedKeys, block.Size);
        product.A = Q.RowPointer(row) + (block.Head * block.Size);
        product.AStride = Q.Stride;
        product.AStep = 1;
        product.B = transposedK;
        product.BStride = block.PaddedKeys;
        product.Bias = block.KeyMask;
        product.C = scores;
        product.CStride = block.PaddedKeys;
        product.Run();
        block.AddBias(scores, place, rows);

        var softmax = new AttentionRows
        {
            Rows = rows,
            Columns = block.PaddedKeys,
            Scores = scores,
            Stride = block.PaddedKeys,
            Statistics = statistics,
            StatisticsStride = statisticsStride,
            Mask = new AttentionMask(Spec.Dropout, Spec.Heads, block.Head, row),
            Ahead = ahead,
            FirstAhead = place,
        };
        KernelSelector.Run(ref softmax);

        var context = block.Write(Context, row, rows);
        product = block.Product(rows, block.PaddedSize, block.Keys);
        product.A = scores;
        product.AStride = block.PaddedKeys;
        product.AStep = 1;
        product.B = v.Data;
        product.BStride = v.Stride;
        product.C = context.Data;
        product.CStride = context.Stride;
        product.Run();

        softmax.Context = context.Data;
        softmax.ContextStride = context.Stride;
        softmax.ContextColumns = block.Size;
        KernelSelector.Run(ref softmax);
        block.Finish(context, Context, row, rows);
    }
}
