using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Optimization;

/// <summary>Updates every parameter from the gradient; one object for a training, with whatever it remembers from step to step.</summary>
internal abstract class Optimizer(ParameterSet parameters, OptimizerSpec spec) : IDisposable
{
    private static readonly Dictionary<OptimizerKind, Func<ParameterSet, OptimizerSpec, Optimizer>> _optimizers = new()
    {
        [OptimizerKind.AdamW] = (parameters, spec) => new AdamW(parameters, spec),
        [OptimizerKind.Adam] = (parameters, spec) => new AdamW(parameters, spec, coupled: true),
        [OptimizerKind.Sgd] = (parameters, spec) => new Sgd(parameters, spec),
        [OptimizerKind.Adafactor] = (parameters, spec) => new Adafactor(parameters, spec),
    };

    private readonly Parameter[] _parameters = [.. parameters.All];
    private readonly ParameterSet _set = parameters;
    private WeightAverage? _average;

    /// <summary>Number of updates made.</summary>
    public int Steps { get; private set; }

    /// <summary>Its settings.</summary>
    protected OptimizerSpec Spec { get; } = spec;

    /// <summary>The optimiser that is asked for.</summary>
    public static Optimizer Create(ParameterSet parameters, OptimizerSpec spec) =>
        _optimizers[spec.Kind](parameters, spec);

    /// <summary>Updates every parameter.</summary>
    /// <param name="gradients">The flat buffer of gradients; may be overwritten.</param>
    /// <param name="gradientScale">What gradients are multiplied by first: the cut of their norm.</param>
    /// <param name="learningRate">The step's learning rate.</param>
    public void Step(AlignedBuffer gradients, float gradientScale, float learningRate)
    {
        Steps++;
        foreach (Parameter parameter in _parameters)
        {
            float rate = learningRate * (
                parameter.IsHead ? Spec.HeadRatio
                : parameter.Role == ParameterRole.LoraB ? Spec.LoraPlusRatio
                : 1);
            float decay = Spec.DecayVectors || parameter.Shape.Count > 1 ? Spec.WeightDecay : 0;
            Update(parameter, parameter.In(gradients), gradientScale, rate, decay);
        }
    }

    /// <summary>Takes the weights as they are into their average over steps.</summary>
    public void AverageWeights() => (_average ??= new WeightAverage(_set)).Add();

    /// <summary>Gives the parameters the average's values, where there is one.</summary>
    public void TakeAverage() => _average?.Take();

    /// <summary>A copy of what is remembered.</summary>
    public OptimizerState Save() =>
        new(Steps, AllMemory().ToDictionary(part => part.Name, part => part.Read(), StringComparer.Ordinal));

    /// <summary>Goes on from what another optimiser of the same kind, over the same parameters, remembered.</summary>
    /// <exception cref="InvalidDataException">It is of another kind, or over other parameters.</exception>
    public void Restore(OptimizerState state)
    {
        _average?.Dispose();
        _average = state.Arrays.ContainsKey(WeightAverage.CountName) ? new WeightAverage(_set) : null;
        OptimizerMemory[] parts = [.. AllMemory()];
        foreach (OptimizerMemory part in parts)
        {
            if (!state.Arrays.TryGetValue(part.Name, out Array? values) || !part.TryWrite(values))
            {
                Throw.InvalidData_OptimizerState(part.Name);
            }
        }

        Steps = state.Steps;
    }

    /// <inheritdoc/>
    public virtual void Dispose() => _average?.Dispose();

    /// <summary>Everything that is remembered, part by part.</summary>
    protected abstract IEnumerable<OptimizerMemory> Memory();

    /// <summary>A flat buffer as what is remembered of each parameter.</summary>
    protected IEnumerable<OptimizerMemory> PartsOf(AlignedBuffer buffer, string name) =>
        _parameters.Select(parameter => OptimizerMemory.Of($"{name}/{parameter.Name}", () => parameter.In(buffer)));

    /// <summary>Updates one parameter.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="gradient">Its gradient; may be overwritten.</param>
    /// <param name="gradientScale">What the gradient is multiplied by first.</param>
    /// <param name="learningRate">The parameter's learning rate.</param>
    /// <param name="decay">Its weight decay, per unit of learning rate.</param>
    protected abstract void Update(
        Parameter parameter, Matrix gradient, float gradientScale, float learningRate, float decay);

    private IEnumerable<OptimizerMemory> AllMemory() => Memory().Concat(_average?.Memory() ?? []);
}
