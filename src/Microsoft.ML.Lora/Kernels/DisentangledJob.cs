using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>A disentangled attention, one head an item; forward, or backward where there are gradients to fill.</summary>
internal unsafe struct DisentangledJob : IParallelJob
{
    public DisentangledOperands Operands;
    public DisentangledOperands Gradients;
    public DisentangledSpec Spec;
    public int Sequences;
    public int* QueryOffsets;
    public int* KeyOffsets;

    /// <summary>The context, written forward; its gradient, read backward.</summary>
    public Matrix Context;

    private readonly int Size => Operands.Query.Columns / Spec.Heads;

    private readonly bool IsBackward => !Gradients.Query.IsEmpty;

    public readonly void Run(int item, int worker)
    {
        for (var sequence = 0; sequence < Sequences; sequence++)
        {
            var block = new Block
            {
                Head = item,
                FirstQuery = QueryOffsets[sequence],
                Queries = QueryOffsets[sequence + 1] - QueryOffsets[sequence],
                FirstKey = KeyOffsets[sequence],
                Keys = KeyOffsets[sequence + 1] - KeyOffsets[sequence],
            };
            block.Lowest = Spec.Row(-(block.Keys - 1));
            block.Places = Spec.Row(block.Keys - 1) - block.Lowest + 1;
            block.Probabilities = Scratch.Floats(
                (2L * block.Queries * block.Keys) + ((long)(block.Queries + block.Keys) * block.Places));
            Scores(block);
            if (IsBackward)
            {
                Backward(block);
            }
            else
            {
                var context = At(Context, block.FirstQuery, block);
                Clear(context, Context.Stride, block.Queries);
                Sum(block.Probabilities, block.Keys, 1, Operands.Value, block.FirstKey, block.Keys, block, context, Context.Stride, block.Queries);
            }
        }
    }

    // The softmax of all terms, [Queries, Keys].
    private readonly void Scores(in Block block)
    {
        Dots(Operands.Query, block.FirstQuery, block.Queries, Operands.Key, block.FirstKey, block.Keys, block, block.Probabilities);
        var queryTerms = Operands.PositionKey.IsEmpty ? null : block.QueryTerms;
        var keyTerms = Operands.PositionQuery.IsEmpty ? null : block.KeyTerms;
        if (queryTerms != null)
        {
            Dots(Operands.Query, block.FirstQuery, block.Queries, Operands.PositionKey, PositionRow(block), block.Places, block, queryTerms);
        }

        if (keyTerms != null)
        {
            Dots(Operands.Key, block.FirstKey, block.Keys, Operands.PositionQuery, PositionRow(block), block.Places, block, keyTerms);
        }

        for (var i = 0; i < block.Queries; i++)
        {
            var row = block.Probabilities + (i * block.Keys);
            for (var j = 0; j < block.Keys; j++)
            {
                var place = Spec.Row(i - j) - block.Lowest;
                row[j] += (queryTerms == null ? 0 : queryTerms[(i * block.Places) + place])
                    + (keyTerms == null ? 0 : keyTerms[(j * block.Places) + place]);
                row[j] *= Spec.Scale;
            }
        }

        var scores = new Matrix(block.Probabilities, block.Queries, block.Keys, block.Keys);
        Softmax.Forward(scores, scores);
    }

    private readonly void Backward(in Block block)
    {
        var gradScores = block.Probabilities + ((long)block.Queries * block.Keys);
        Dots(Context, block.FirstQuery, block.Queries, Operands.Value, block.FirstKey, block.Keys, block, gradScores);
        var gradValue = At(Gradients.Value, block.FirstKey, block);
        Clear(gradValue, Gradients.Value.Stride, block.Keys);
        Sum(block.Probabilities, 1, block.Keys, Context, block.FirstQuery, block.Queries, block, gradValue, Gradients.Value.Stride, block.Keys);
        ThroughSoftmax(block, gradScores);

        var gradQuery = At(Gradients.Query, block.FirstQuery, block);
        Clear(gradQuery, Gradients.Query.Stride, block.Queries);
        Sum(gradScores, block.Keys, 1, Operands.Key, block.FirstKey, block.Keys, block, gradQuery, Gradients.Query.Stride, block.Queries);
        var gradKey = At(Gradients.Key, block.FirstKey, block);
        Clear(gradKey, Gradients.Key.Stride, block.Keys);
        Sum(gradScores, 1, block.Keys, Operands.Query, block.FirstQuery, block.Queries, block, gradKey, Gradients.Key.Stride, block.Keys);

        GatherByDistance(block, gradScores);
        Positions(
            block, block.QueryTerms, block.Queries, Operands.PositionKey, Gradients.PositionKey, Operands.Query, block.FirstQuery,
            gradQuery, Gradients.Query.Stride);
        Positions(
            block, block.KeyTerms, block.Keys, Operands.PositionQuery, Gradients.PositionQuery, Operands.Key, block.FirstKey,
            gradKey, Gradients.Key.Stride);
    }

    // grad ← p · (grad − Σ p · grad) · scale, per row.
    private readonly void ThroughSoftmax(in Block block, float* gradScores)
    {
        for (var i = 0; i < block.Queries; i++)
        {
            var p = block.Probabilities + (i * block.Keys);
            var grad = gradScores + (i * block.Keys);
            var inner = 0f;
            for (var j = 0; j < block.Keys; j++)
            {
                inner += p[j] * grad[j];
            }

            for (var j = 0; j < block.Keys; j++)
            {
                grad[j] = p[j] * (grad[j] - inner) * Spec.Scale;
            }
        }
    }

    private readonly void GatherByDistance(in Block block, float* gradScores)
    {
        new Span<float>(block.QueryTerms, (block.Queries + block.Keys) * block.Places).Clear();
        for (var i = 0; i < block.Queries; i++)
        {
            for (var j = 0; j < block.Keys; j++)
            {
                var place = Spec.Row(i - j) - block.Lowest;
                var grad = gradScores[(i * block.Keys) + j];
                block.QueryTerms[(i * block.Places) + place] += grad;
                block.KeyTerms[(j * block.Places) + place] += grad;
            }
        }
    }

    // One of the two terms with positions: its part of the gradient of rows (queries or keys), and that of the positions.
    private readonly void Positions(
        in Block block, float* gradTerms, int rows, Matrix positions, Matrix gradPositions, Matrix source, int firstRow,
        float* gradRows, nint gradStride)
    {
        if (positions.IsEmpty)
        {
            return;
        }

        Sum(gradTerms, block.Places, 1, positions, PositionRow(block), block.Places, block, gradRows, gradStride, rows);
        if (!gradPositions.IsEmpty)
        {
            Sum(
                gradTerms, 1, block.Places, source, firstRow, rows, block, At(gradPositions, PositionRow(block), block),
                gradPositions.Stride, block.Places);
        }
    }

    private readonly int PositionRow(in Block block) => block.Lowest - Operands.FirstRow;

    private readonly float* At(Matrix matrix, int row, in Block block) => matrix.RowPointer(row) + (block.Head * Size);

    private readonly void Clear(float* rows, nint stride, int count)
    {
        for (var i = 0; i < count; i++)
        {
            new Span<float>(rows + (i * stride), Size).Clear();
        }
    }

    private readonly void Dots(Matrix a, int firstA, int rowsA, Matrix b, int firstB, int rowsB, in Block block, float* result)
    {
        var dots = new RowDots
        {
            A = At(a, firstA, block),
            AStride = a.Stride,
            ARows = rowsA,
            B = At(b, firstB, block),
            BStride = b.Stride,
            BRows = rowsB,
            Size = Size,
            Result = result,
            ResultStride = rowsB,
        };
        KernelSelector.Run(ref dots);
    }

    private readonly void Sum(
        float* weights, nint stride, nint step, Matrix b, int firstB, int rowsB, in Block block, float* result,
        nint resultStride, int resultRows)
    {
        var sums = new RowSums
        {
            Weights = weights,
            WeightsStride = stride,
            WeightsStep = step,
            B = At(b, firstB, block),
            BStride = b.Stride,
            BRows = rowsB,
            Size = Size,
            Result = result,
            ResultStride = resultStride,
            ResultRows = resultRows,
        };
        KernelSelector.Run(ref sums);
    }

    // One sequence and head: [Queries, Keys] twice, then the terms with positions, in the thread's scratch.
    private struct Block
    {
        public int Head;
        public int FirstQuery;
        public int Queries;
        public int FirstKey;
        public int Keys;
        public int Lowest;
        public int Places;
        public float* Probabilities;

        public readonly float* QueryTerms => Probabilities + (2L * Queries * Keys);

        public readonly float* KeyTerms => QueryTerms + ((long)Queries * Places);
    }
}
