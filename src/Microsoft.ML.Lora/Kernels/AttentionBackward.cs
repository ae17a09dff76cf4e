using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Attention backward, one (sequence, head) an item: probabilities are recomputed from the row statistics.</summary>
/// <remarks>
/// With P the probabilities, M the dropout mask, O = (P∘M)·V: gradV = (P∘M)ᵀ·gradO, gradP = (gradO·Vᵀ)∘M,
/// gradS = P∘(gradP − rowsum(P∘gradP)), gradQ = scale·gradS·K, gradK = scale·gradSᵀ·Q.
/// </remarks>
internal unsafe struct AttentionBackward : IParallelJob
{
    public Matrix Q;
    public Matrix K;
    public Matrix V;
    public int Sequences;
    public int* QueryOffsets;
    public int* KeyOffsets;
    public AttentionSpec Spec;
    public Matrix Statistics;
    public Matrix GradContext;
    public Matrix GradQ;
    public Matrix GradK;
    public Matrix GradV;

    /// <summary>[B·H, 2·L − 1], added to by distance; empty where it is not wanted.</summary>
    public Matrix GradRelative;

    public readonly void Run(int item, int worker)
    {
        var sequence = item / Spec.Heads;
        var head = item % Spec.Heads;
        var firstQuery = QueryOffsets[sequence];
        var queries = QueryOffsets[sequence + 1] - firstQuery;
        var firstKey = KeyOffsets[sequence];
        var keys = KeyOffsets[sequence + 1] - firstKey;
        var size = Q.Columns / Spec.Heads;
        if (queries == 0 || keys == 0)
        {
            GradQ.SliceRows(firstQuery, queries).SliceColumns(head * size, size).Clear();
            GradK.SliceRows(firstKey, keys).SliceColumns(head * size, size).Clear();
            GradV.SliceRows(firstKey, keys).SliceColumns(head * size, size).Clear();
            return;
        }

        var block = new AttentionBlock(Spec, head, size, keys, copies: 5, scoreBlocks: 2);
        var work = new Operands
        {
            TransposedK = block.Transposed(K, firstKey, Spec.Scale),
            TransposedV = block.Transposed(V, firstKey, 1),
            K = block.Read(K, firstKey, keys),
            Scores = block.Take(AttentionBlock.QueryRows * block.PaddedKeys),
            Gradient = block.Take(AttentionBlock.QueryRows * block.PaddedKeys),
            GradK = block.Write(GradK, firstKey, keys),
            GradV = block.Write(GradV, firstKey, keys),
            Ahead = Next(item + 1, size),
        };
        for (var first = 0; first < queries; first += AttentionBlock.QueryRows)
        {
            var rows = Math.Min(AttentionBlock.QueryRows, queries - first);
            Rows(block, work, firstQuery + first, first, rows);
            AddByDistance(block, work.Gradient, GradRelative.IsEmpty ? null : GradRelative.RowPointer(item), first, rows);
        }

        block.Finish(work.GradK, GradK, firstKey, keys);
        block.Finish(work.GradV, GradV, firstKey, keys);
    }

    private readonly NextHead Next(int item, int size)
    {
        var next = new NextHead(item, Spec.Heads, size, Sequences, QueryOffsets, KeyOffsets);
        next.AddKeys(K);
        next.AddKeys(V);
        next.AddQueries(Q);
        next.AddQueries(GradContext);
        next.AddKeys(GradV);
        next.AddKeys(GradK);
        next.AddQueries(GradQ);
        return next;
    }

    // The block comes by value: scratch taken here is free again afterwards.
    private readonly void Rows(AttentionBlock block, in Operands work, int row, int place, int rows)
    {
        var q = block.Read(Q, row, rows);
        var gradContext = block.Read(GradContext, row, rows);
        ScoreProduct(block, q, work.TransposedK, block.KeyMask, work.Scores, rows);
        block.AddBias(work.Scores, place, rows);
        ScoreProduct(block, gradContext, work.TransposedV, null, work.Gradient, rows);
        var gradient = new AttentionGradientRows
        {
            Rows = rows,
            Columns = block.PaddedKeys,
            Scale = Spec.Scale,
            Scores = work.Scores,
            Gradient = work.Gradient,
            Stride = block.PaddedKeys,
            Statistics = Statistics.RowPointer(row) + (2 * block.Head),
            StatisticsStride = Statistics.Stride,
            Mask = new AttentionMask(Spec.Dropout, Spec.Heads, block.Head, row),
            Ahead = work.Ahead,
            FirstAhead = place,
        };
        KernelSelector.Run(ref gradient);

        KeyProduct(block, work.Scores, gradContext, work.GradV, rows, accumulate: place > 0);
        KeyProduct(block, work.Gradient, q, work.GradK, rows, accumulate: place > 0);
        var gradQ = block.Write(GradQ, row, rows);
        var product = block.Product(rows, block.PaddedSize, block.Keys);
        product.A = work.Gradient;
        product.AStride = block.PaddedKeys;
        product.AStep = 1;
        product.B = work.K.Data;
        product.BStride = work.K.Stride;
        product.C = gradQ.Data;
        product.CStride = gradQ.Stride;
        product.Run();
        block.Finish(gradQ, GradQ, row, rows);
    }

    // The bias is added to scores that are scaled already.
    private readonly void AddByDistance(in AttentionBlock block, float* gradScores, float* gradRelative, int place, int rows)
    {
        var middle = GradRelative.Columns / 2;
        for (var i = 0; i < rows && gradRelative != null; i++)
        {
            for (var j = 0; j < block.Keys; j++)
            {
                gradRelative[middle + j - (place + i)] += gradScores[(i * block.PaddedKeys) + j] / Spec.Scale;
            }
        }
    }

    // scores [rows, keys] = bias + operand [rows, D] · transposed [D, keys]
    private static void ScoreProduct(
        in AttentionBlock block, HeadRows operand, float* transposed, float* bias, float* scores, int rows)
    {
        var product = block.Product(rows, block.PaddedKeys, block.Size);
        product.A = operand.Data;
        product.AStride = operand.Stride;
        product.AStep = 1;
        product.B = transposed;
        product.BStride = block.PaddedKeys;
        product.Bias = bias;
        product.C = scores;
        product.CStride = block.PaddedKeys;
        product.Run();
    }

    // grad [keys, D] (+)= scoresᵀ [keys, rows] · operand [rows, D]
    private static void KeyProduct(
        in AttentionBlock block, float* scores, HeadRows operand, HeadRows grad, int rows, bool accumulate)
    {
        var product = block.Product(block.Keys, block.PaddedSize, rows);
        product.A = scores;
        product.AStride = 1;
        product.AStep = block.PaddedKeys;
        product.B = operand.Data;
        product.BStride = operand.Stride;
        product.C = grad.Data;
        product.CStride = grad.Stride;
        product.Accumulate = accumulate;
        product.Run();
    }

    private struct Operands
    {
        public float* TransposedK;
        public float* TransposedV;
        public HeadRows K;
        public float* Scores;
        public float* Gradient;
        public HeadRows GradK;
        public HeadRows GradV;
        public NextHead Ahead;
    }
}
