using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Layers;

/// <summary>A linear layer whose weight and bias are trained themselves: heads, saved modules, full fine-tuning.</summary>
internal sealed class TrainedLinear : LinearLayer
{
    // Up to here a product that packs nothing is quicker, and it allocates nothing: heads have one row for a sequence.
    private const int FewRows = 64;

    private readonly Action<Parameter> _fillWeight;
    private readonly Action<Parameter>? _fillBias;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private WeightPanels? _panels;

    /// <summary>Adds the layer's parameters; they get their values when it is prepared.</summary>
    /// <param name="name">The module path.</param>
    /// <param name="inFeatures">Width of the input.</param>
    /// <param name="outFeatures">Width of the output.</param>
    /// <param name="parameters">Where they are added.</param>
    /// <param name="fillWeight">Gives the weight [out, in] its start.</param>
    /// <param name="fillBias">Gives the bias its start; null for a layer without bias.</param>
    public TrainedLinear(
        string name,
        int inFeatures,
        int outFeatures,
        ParameterSet parameters,
        Action<Parameter> fillWeight,
        Action<Parameter>? fillBias)
        : base(name, inFeatures, outFeatures)
    {
        _fillWeight = fillWeight;
        _fillBias = fillBias;
        _weight = parameters.Add(name + ".weight", ParameterRole.Weight, outFeatures, inFeatures);
        _bias = fillBias is null ? null : parameters.Add(name + ".bias", ParameterRole.Bias, outFeatures);
    }

    /// <inheritdoc/>
    public override bool IsTrained => true;

    /// <inheritdoc/>
    public override void Prepare(bool inputGradient)
    {
        _panels?.Dispose();
        _panels = new WeightPanels(InFeatures, OutFeatures, 0, inputGradient);
        _fillWeight(_weight);
        if (_bias is not null)
        {
            _fillBias!(_bias);
        }

        Refresh();
    }

    /// <summary>Takes other values.</summary>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out]; without meaning for a layer without bias.</param>
    public void Set(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
    {
        weight.CopyTo(_weight.Value.Span);
        if (_bias is not null)
        {
            bias.CopyTo(_bias.Value.Span);
        }

        Refresh();
    }

    /// <inheritdoc/>
    public override void Refresh() => _panels!.Pack(0, _weight.Value);

    /// <inheritdoc/>
    public override void Forward(Pass pass, Matrix input, Matrix output, in Epilogue epilogue, ref LinearMemo memo)
    {
        memo.Input = input;
        _panels!.Multiply(input, default, output, epilogue with { BiasRow = _bias?.Value ?? default }, pass.Team);
    }

    /// <inheritdoc/>
    public override void Backward(Pass pass, in LinearMemo memo, Matrix gradOutput, Matrix gradInput, bool accumulate)
    {
        Matrix gradWeight = _weight.In(pass.Gradients!);
        if (gradOutput.Rows <= FewRows)
        {
            LowRank.AccumulateOuter(gradOutput, memo.Input, default, gradWeight);
        }
        else
        {
            GeneralGemm.MultiplyTransposedLeft(gradOutput, memo.Input, gradWeight, 1, accumulate: true, pass.Team);
        }

        if (_bias is not null)
        {
            Reductions.AddColumnSums(gradOutput, _bias.In(pass.Gradients!).Span);
        }

        if (!gradInput.IsEmpty)
        {
            _panels!.MultiplyTransposed(gradOutput, default, gradInput, accumulate, default, pass.Team);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _panels?.Dispose();
}
