using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>A base model with its adapters in place: where models and adapters meet.</summary>
internal sealed class ManagedModel : IDisposable
{
    private readonly WeightSource _weights;
    private readonly IReadOnlyList<LoraLinear> _adapted = [];
    private readonly bool _isPrepared;

    /// <summary>Loads the base, marks what is trained and gives it its start.</summary>
    /// <param name="spec">What is loaded.</param>
    /// <param name="prepare">Whether the weights are packed, so that the model can compute.</param>
    public ManagedModel(SessionSpec spec, bool prepare = true)
    {
        _isPrepared = prepare;
        bool full = spec.FineTuning == FineTuning.Full;
        EncoderConfig config = EncoderConfig.Read(spec.Base.ReadConfig()) with
        {
            HiddenDropout = spec.HiddenDropout,
            AttentionDropout = spec.AttentionDropout,
        };
        _weights = spec.Base.OpenWeights();
        try
        {
            var random = new RandomStream(spec.Seed, "initialization");
            bool trainDense = full || spec.Adapter.ModulesToSave.Contains(config.Family.Head.DenseModule);
            Model = new SequenceModel(_weights, config, spec.Head, trainDense, random);
            Model.Encoder.RecomputesActivations = spec.RecomputesActivations;
            if (spec.Shared is not null)
            {
                Model.Share(spec.Shared);
            }

            if (full)
            {
                TrainingScope.TrainAll(Model);
            }
            else if (spec.FineTuning == FineTuning.Lora)
            {
                if (spec.Adapter.Bias == BiasTraining.All)
                {
                    TrainingScope.TrainBiases(Model);
                }

                _adapted = AdapterInjector.Inject(Model.Slots, spec.Adapter, Model.Parameters);
                AdapterInjector.Initialize(_adapted, spec.Adapter.Initialization, random);
            }

            if (prepare)
            {
                Model.Prepare(training: true);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The encoder with its head.</summary>
    public SequenceModel Model { get; } = null!;

    /// <summary>The layers that have an adapter, themselves.</summary>
    public IReadOnlyList<LoraLinear> Adapted => _adapted;

    /// <summary>The layers that have an adapter, described.</summary>
    public IEnumerable<AdaptedLayer> AdaptedLayers => _adapted.Select(
        layer => new AdaptedLayer(layer.Name, layer.OutFeatures, layer.InFeatures, layer.Rank, layer.Scaling));

    /// <summary>A copy of every trained tensor; adapters are plain ones over the base.</summary>
    public AdapterState Export()
    {
        AdapterState state = AdapterState.From(Model.Parameters, Model.Parameters.Values);
        foreach (LoraLinear layer in _adapted)
        {
            StartAsUpdate.Append(layer, state);
        }

        return state;
    }

    /// <summary>Takes every trained tensor from a state.</summary>
    public void Import(AdapterState state)
    {
        AdapterState own = state.Clone();
        bool changed = false;
        foreach (LoraLinear layer in _adapted)
        {
            changed |= StartAsUpdate.Remove(layer, own);
        }

        if (changed && _isPrepared)
        {
            Model.Prepare(training: true);
        }

        own.CopyTo(Model.Parameters);
        if (_isPrepared)
        {
            Model.Refresh();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Model?.Dispose();
        _weights.Dispose();
    }
}
