using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Optimization;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2019); coupled, the decay is part of the gradient, as in Adam (Kingma and Ba
/// 2015) with an L2 term.
/// </summary>
internal sealed class AdamW(ParameterSet parameters, OptimizerSpec spec, bool coupled = false) : Optimizer(parameters, spec)
{
    private readonly AlignedBuffer _firstMoment = parameters.CreateBuffer();
    private readonly AlignedBuffer _secondMoment = parameters.CreateBuffer();

    /// <inheritdoc/>
    public override void Dispose()
    {
        _firstMoment.Dispose();
        _secondMoment.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override IEnumerable<OptimizerMemory> Memory() =>
        PartsOf(_firstMoment, "first_moment").Concat(PartsOf(_secondMoment, "second_moment"));

    /// <inheritdoc/>
    protected override void Update(
        Parameter parameter, Matrix gradient, float gradientScale, float learningRate, float decay)
    {
        if (coupled)
        {
            Elementwise.Scale(gradient, gradientScale, gradient);
            Elementwise.AddScaled(parameter.Value, decay, gradient);
            (gradientScale, decay) = (1, 0);
        }

        var update = new AdamWUpdate(learningRate, decay, Steps, Spec.Beta1, Spec.Beta2, Spec.Epsilon);
        AdamWKernel.Step(
            parameter.Value.Span, gradient.Span, parameter.In(_firstMoment).Span, parameter.In(_secondMoment).Span,
            gradientScale, update);
    }
}
