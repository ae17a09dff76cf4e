using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Optimization;

/// <summary>
/// The mean of the weights after each of several steps: it lies nearer the middle of the valley that single steps jump about in
/// (Polyak and Juditsky 1992; Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization").
/// </summary>
internal sealed class WeightAverage(ParameterSet parameters) : IDisposable
{
    /// <summary>The name under which the number of steps is saved.</summary>
    public const string CountName = "average_count";

    private readonly Parameter[] _parameters = [.. parameters.All];
    private readonly AlignedBuffer _mean = parameters.CreateBuffer();
    private readonly double[] _count = [0];

    /// <summary>Takes the weights as they are into the mean.</summary>
    public void Add()
    {
        float share = (float)(1 / ++_count[0]);
        foreach (Parameter parameter in _parameters)
        {
            Matrix mean = parameter.In(_mean);
            Elementwise.Scale(mean, 1 - share, mean);
            Elementwise.AddScaled(parameter.Value, share, mean);
        }
    }

    /// <summary>Gives the parameters the mean's values.</summary>
    public void Take()
    {
        foreach (Parameter parameter in _parameters)
        {
            parameter.In(_mean).Span.CopyTo(parameter.Value.Span);
        }
    }

    /// <summary>What is to be saved.</summary>
    public IEnumerable<OptimizerMemory> Memory() => _parameters
        .Select(parameter => OptimizerMemory.Of($"average/{parameter.Name}", () => parameter.In(_mean)))
        .Append(OptimizerMemory.Of(CountName, _count));

    /// <inheritdoc/>
    public void Dispose() => _mean.Dispose();
}
