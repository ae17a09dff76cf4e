using Microsoft.ML.Lora.Adapters.Initialization;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>Puts adapters into the chosen slots of an encoder.</summary>
internal static class AdapterInjector
{
    /// <summary>Replaces the layers of the chosen slots by adapted ones.</summary>
    /// <param name="slots">The encoder's slots.</param>
    /// <param name="config">What is adapted and how.</param>
    /// <param name="parameters">Where the adapters' tensors are added.</param>
    /// <returns>The adapted layers.</returns>
    /// <exception cref="ArgumentException">No slot is chosen.</exception>
    public static IReadOnlyList<LoraLinear> Inject(
        IReadOnlyList<LinearSlot> slots, AdapterConfig config, ParameterSet parameters)
    {
        var adapted = new List<LoraLinear>();
        foreach (LinearSlot slot in config.TargetModules.Select(slots, config.LayersToTransform))
        {
            var frozen = (FrozenLinear)slot.Layer;
            (int rank, float scaling) = config.RankAndScaling(slot.Name);
            if (config.Bias == BiasTraining.LoraOnly && frozen.HasBias)
            {
                frozen.TrainBias(parameters);
            }

            LoraLinear layer = config.UseDora
                ? new DoraLinear(frozen, rank, scaling, config.Dropout, adapted.Count, parameters)
                : new LoraLinear(frozen, rank, scaling, config.Dropout, adapted.Count, parameters);
            slot.Layer = layer;
            adapted.Add(layer);
        }

        return adapted;
    }

    /// <summary>Gives the adapters their start, before anything is packed.</summary>
    /// <param name="layers">The adapted layers.</param>
    /// <param name="kind">How.</param>
    /// <param name="random">Where random numbers come from.</param>
    public static void Initialize(IEnumerable<LoraLinear> layers, AdapterInitialization kind, RandomStream random)
    {
        AdapterInitializer initialize = AdapterInitializers.Get(kind);
        foreach (LoraLinear layer in layers)
        {
            (layer as DoraLinear)?.InitializeMagnitude();
            initialize(layer, random.Fork(layer.Name));
        }
    }
}
