using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// y = x·W0ᵀ + h·Bᵀ + b with h = s·drop(x)·Aᵀ (Hu et al. 2021): W0 stays, A [r, in] and B [out, r] are trained.
/// </summary>
/// <remarks>
/// Both terms are one product over a longer K: y = [x | h] · [W0 | B]ᵀ. Backward, with g the gradient of y and t = s·g·B [M, r]:
/// gradB = gᵀ·h, gradA = tᵀ·drop(x), gradX = g·W0 + mask(t·A) = [g | t] · [W0 ; A].
/// </remarks>
internal class LoraLinear : LinearLayer
{
    private readonly long _stream;
    private ThinOperand? _down;
    private ThinOperand? _gradDown;

    /// <summary>Puts an adapter on a layer of the base.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rank">r.</param>
    /// <param name="scaling">s.</param>
    /// <param name="dropout">Probability of dropping an input of A.</param>
    /// <param name="stream">A number of its own, for dropout.</param>
    /// <param name="parameters">Where A and B are added.</param>
    public LoraLinear(
        FrozenLinear layer, int rank, float scaling, float dropout, long stream, ParameterSet parameters)
        : base(layer.Name, layer.InFeatures, layer.OutFeatures)
    {
        Frozen = layer;
        Rank = rank;
        Scaling = scaling;
        DropoutProbability = dropout;
        _stream = stream;
        A = parameters.Add(layer.Name + ".lora_A.weight", ParameterRole.LoraA, rank, InFeatures);
        B = parameters.Add(layer.Name + ".lora_B.weight", ParameterRole.LoraB, OutFeatures, rank);
        layer.TailCapacity = rank;
    }

    /// <summary>The layer of the base.</summary>
    public FrozenLinear Frozen { get; }

    /// <summary>r.</summary>
    public int Rank { get; }

    /// <summary>s.</summary>
    public float Scaling { get; }

    /// <summary>A [r, in].</summary>
    public Parameter A { get; }

    /// <summary>B [out, r].</summary>
    public Parameter B { get; }

    /// <inheritdoc/>
    public override bool IsTrained => true;

    /// <inheritdoc/>
    public override long FrozenCount => Frozen.FrozenCount;

    /// <summary>Probability of dropping an input of A.</summary>
    protected float DropoutProbability { get; }

    /// <summary>The start that was taken out of the frozen weight (PiSSA, OLoRA), or null.</summary>
    public LowRankUpdate? Start { get; private set; }

    /// <summary>Has the frozen weight packed as W0 − s·B·A with A and B as they are, so that the layer starts as the base's.</summary>
    public void TakeStartOut()
    {
        TakeStartOut(Copy(A), Copy(B));

        static AdapterTensor Copy(Parameter parameter) => new(parameter.Shape, parameter.Value.Span.ToArray());
    }

    /// <summary>Has the frozen weight packed as W0 − s·B·A with these factors, by the next <see cref="Prepare"/>.</summary>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    public void TakeStartOut(AdapterTensor a, AdapterTensor b)
    {
        Start = new LowRankUpdate(a, b, null, -Scaling);
        Frozen.Amendment = Start.AddTo;
    }

    /// <inheritdoc/>
    public override void Prepare(bool inputGradient)
    {
        Frozen.Prepare(inputGradient);
        _down ??= new ThinOperand(InFeatures, Rank);
        _gradDown ??= new ThinOperand(OutFeatures, Rank);
        Refresh();
    }

    /// <inheritdoc/>
    public override void Refresh()
    {
        _down!.PackTransposed(A.Value);
        _gradDown!.Pack(B.Value);
        Frozen.SetTail(A.Value, B.Value);
    }

    /// <inheritdoc/>
    public override void Forward(Pass pass, Matrix input, Matrix output, in Epilogue epilogue, ref LinearMemo memo)
    {
        ForwardLowRank(pass, input, ref memo);
        Frozen.Multiply(pass, input, memo.LowRank, output, epilogue);
    }

    /// <inheritdoc/>
    public override void Backward(Pass pass, in LinearMemo memo, Matrix gradOutput, Matrix gradInput, bool accumulate)
    {
        Frozen.BackwardBias(pass, gradOutput);
        BackwardProduct(pass, memo, gradOutput, gradInput, accumulate);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Frozen.Dispose();
        _down?.Dispose();
        _gradDown?.Dispose();
    }

    /// <summary>product = rows · Aᵀ.</summary>
    protected void ProjectOnA(Matrix rows, Matrix product) =>
        LowRank.Down(rows, _down!, 1, default, product, ThreadTeam.Single);

    /// <summary>h = s·drop(x)·Aᵀ.</summary>
    protected void ForwardLowRank(Pass pass, Matrix input, ref LinearMemo memo)
    {
        memo.Input = input;
        memo.Dropout = pass.Training && DropoutProbability > 0
            ? new DropoutMask(pass.Random.Fork(_stream), DropoutProbability)
            : default;
        memo.LowRank = pass.Workspace.Rent(input.Rows, Rank);
        LowRank.Down(input, _down!, Scaling, memo.Dropout, memo.LowRank, pass.Team);
    }

    /// <summary>Gradients of A, B and x from that of the product.</summary>
    protected void BackwardProduct(
        Pass pass, in LinearMemo memo, Matrix gradProduct, Matrix gradInput, bool accumulate)
    {
        Workspace.Position mark = pass.Workspace.Mark();
        Matrix gradLowRank = pass.Workspace.Rent(gradProduct.Rows, Rank);
        LowRank.Down(gradProduct, _gradDown!, Scaling, default, gradLowRank, pass.Team);
        LowRank.AccumulateOuterTransposed(gradProduct, memo.LowRank, B.In(pass.Gradients!));
        LowRank.AccumulateOuter(gradLowRank, memo.Input, memo.Dropout, A.In(pass.Gradients!));
        if (!gradInput.IsEmpty)
        {
            Frozen.MultiplyTransposed(pass, gradProduct, gradLowRank, gradInput, accumulate, memo.Dropout);
        }

        pass.Workspace.Release(mark);
    }
}
