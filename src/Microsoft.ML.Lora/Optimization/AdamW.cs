using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Optimization;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019) over the flat buffer of all parameters.</summary>
internal sealed class AdamW : IDisposable
{
    private readonly OptimizerSpec _spec;
    private readonly Parameter[] _parameters;
    private readonly AlignedBuffer _firstMoment;
    private readonly AlignedBuffer _secondMoment;

    /// <summary>An optimiser with moments at zero.</summary>
    public AdamW(ParameterSet parameters, OptimizerSpec spec)
    {
        _parameters = [.. parameters.All];
        _spec = spec;
        _firstMoment = parameters.CreateBuffer();
        _secondMoment = parameters.CreateBuffer();
    }

    /// <summary>Number of updates made.</summary>
    public int Steps { get; private set; }

    /// <summary>Updates every parameter.</summary>
    /// <param name="gradients">The flat buffer of gradients.</param>
    /// <param name="gradientScale">What gradients are multiplied by first: the cut of their norm.</param>
    /// <param name="learningRate">The step's learning rate.</param>
    public void Step(AlignedBuffer gradients, float gradientScale, float learningRate)
    {
        Steps++;
        foreach (Parameter parameter in _parameters)
        {
            float rate = learningRate * RateFactor(parameter);
            float decay = _spec.DecayVectors || parameter.Shape.Count > 1 ? _spec.WeightDecay : 0;
            var update = new AdamWUpdate(rate, decay, Steps, _spec.Beta1, _spec.Beta2, _spec.Epsilon);
            AdamWKernel.Step(
                parameter.Value.Span, parameter.In(gradients).Span, parameter.In(_firstMoment).Span,
                parameter.In(_secondMoment).Span, gradientScale, update);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _firstMoment.Dispose();
        _secondMoment.Dispose();
    }

    private float RateFactor(Parameter parameter) => parameter.Role == ParameterRole.LoraB ? _spec.LoraPlusRatio : 1;
}
