using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Optimization;

/// <summary>Stochastic gradient descent with momentum, in PyTorch's form: v = μ·v + g + decay·p, p −= rate·v.</summary>
internal sealed class Sgd(ParameterSet parameters, OptimizerSpec spec) : Optimizer(parameters, spec)
{
    private readonly AlignedBuffer _velocity = parameters.CreateBuffer();

    /// <inheritdoc/>
    public override void Dispose()
    {
        _velocity.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override IEnumerable<OptimizerMemory> Memory() => PartsOf(_velocity, "velocity");

    /// <inheritdoc/>
    protected override void Update(
        Parameter parameter, Matrix gradient, float gradientScale, float learningRate, float decay)
    {
        Matrix velocity = parameter.In(_velocity);
        Elementwise.Scale(velocity, Spec.Momentum, velocity);
        Elementwise.AddScaled(gradient, gradientScale, velocity);
        Elementwise.AddScaled(parameter.Value, decay, velocity);
        Elementwise.AddScaled(velocity, -learningRate, parameter.Value);
    }
}
