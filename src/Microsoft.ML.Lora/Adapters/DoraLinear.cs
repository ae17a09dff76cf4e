using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// DoRA (Liu et al. 2024): the adapted weight's rows keep their direction and get trained lengths m [out],
/// y = z·m/n + b with z = x·W0ᵀ + h·Bᵀ and n the lengths of the rows of W0 + s·B·A.
/// </summary>
/// <remarks>
/// The gradient takes n for a constant (section 4.3 of the paper): gradZ = g·m/n, gradM = Σ g·z/n, and below z it is LoRA's. The lengths
/// need no product of W's size: n² = |w|² + 2s·b·(A·w) + s²·b·(A·Aᵀ)·b for a row w of W0 and b of B, with A·W0ᵀ a product of r rows.
/// </remarks>
internal sealed class DoraLinear : LoraLinear
{
    private readonly AlignedBuffer _scale;
    private readonly AlignedBuffer _inverseLength;
    private readonly double[] _squaredLengths;
    private readonly AlignedBuffer _products;

    /// <summary>Puts an adapter on a layer of the base.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rank">r.</param>
    /// <param name="scaling">s.</param>
    /// <param name="dropout">Probability of dropping an input of A.</param>
    /// <param name="stream">A number of its own, for dropout.</param>
    /// <param name="parameters">Where A, B and m are added.</param>
    public DoraLinear(FrozenLinear layer, int rank, float scaling, float dropout, long stream, ParameterSet parameters)
        : base(layer, rank, scaling, dropout, stream, parameters)
    {
        Magnitude = parameters.Add(layer.Name + ".lora_magnitude_vector", ParameterRole.Magnitude, OutFeatures);
        _scale = new AlignedBuffer(OutFeatures);
        _inverseLength = new AlignedBuffer(OutFeatures);
        _squaredLengths = new double[OutFeatures];
        _products = new AlignedBuffer((long)rank * (OutFeatures + rank));
    }

    /// <summary>m [out].</summary>
    public Parameter Magnitude { get; }

    private Matrix Scale => _scale.AsMatrix(1, OutFeatures);

    /// <summary>Gives m its start, the lengths of the base's rows, before anything is taken out of the base.</summary>
    public void InitializeMagnitude() => Frozen.VisitRows((first, rows) =>
    {
        for (int i = 0; i < rows.Rows; i++)
        {
            Magnitude.Value.Span[first + i] = (float)Math.Sqrt(Reductions.SumOfSquares(rows[i]));
        }
    });

    /// <inheritdoc/>
    public override void Prepare(bool inputGradient)
    {
        Frozen.VisitRows((first, rows) =>
        {
            for (int i = 0; i < rows.Rows; i++)
            {
                _squaredLengths[first + i] = Reductions.SumOfSquares(rows[i]);
            }
        });
        base.Prepare(inputGradient);
    }

    /// <inheritdoc/>
    public override void Refresh()
    {
        base.Refresh();
        Matrix projected = _products.AsMatrix(Rank, OutFeatures);                                            // A · W0ᵀ
        Matrix gram = _products.AsMatrix(Rank, Rank, (long)Rank * OutFeatures);                              // A · Aᵀ
        Frozen.MultiplyWithoutBias(A.Value, default, projected, ThreadTeam.Single);
        ProjectOnA(A.Value, gram);
        Span<float> magnitude = Magnitude.Value.Span;
        for (int row = 0; row < OutFeatures; row++)
        {
            double length = Math.Sqrt(SquaredLength(row, B.Value[row], projected, gram));
            _inverseLength.Span[row] = (float)(1 / length);
            _scale.Span[row] = (float)(magnitude[row] / length);
        }
    }

    /// <inheritdoc/>
    public override void Forward(Pass pass, Matrix input, Matrix output, in Epilogue epilogue, ref LinearMemo memo)
    {
        ForwardLowRank(pass, input, ref memo);
        memo.Product = pass.Workspace.Rent(input.Rows, OutFeatures);
        Frozen.MultiplyWithoutBias(input, memo.LowRank, memo.Product, pass.Team);
        ColumnScaling.Forward(memo.Product, Scale, Frozen.Bias, output, epilogue);
    }

    /// <inheritdoc/>
    public override void Backward(Pass pass, in LinearMemo memo, Matrix gradOutput, Matrix gradInput, bool accumulate)
    {
        Frozen.BackwardBias(pass, gradOutput);
        Workspace.Position mark = pass.Workspace.Mark();
        Matrix gradProduct = pass.Workspace.Rent(gradOutput.Rows, OutFeatures);
        Matrix inverseLength = _inverseLength.AsMatrix(1, OutFeatures);
        ColumnScaling.Backward(
            gradOutput, memo.Product, Scale, inverseLength, gradProduct, Magnitude.In(pass.Gradients!));
        BackwardProduct(pass, memo, gradProduct, gradInput, accumulate);
        pass.Workspace.Release(mark);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _scale.Dispose();
        _inverseLength.Dispose();
        _products.Dispose();
    }

    private double SquaredLength(int row, ReadOnlySpan<float> b, Matrix projected, Matrix gram)
    {
        double cross = 0;
        double own = 0;
        for (int i = 0; i < Rank; i++)
        {
            cross += (double)b[i] * projected[i][row];
            ReadOnlySpan<float> gramRow = gram[i];
            double inner = 0;
            for (int j = 0; j < Rank; j++)
            {
                inner += (double)gramRow[j] * b[j];
            }

            own += b[i] * inner;
        }

        return Math.Max(_squaredLengths[row] + (2.0 * Scaling * cross) + ((double)Scaling * Scaling * own), double.Epsilon);
    }
}
