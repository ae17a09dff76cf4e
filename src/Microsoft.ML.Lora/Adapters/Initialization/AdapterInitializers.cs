using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters.Initialization;

/// <summary>Gives A and B of a layer their start.</summary>
/// <param name="layer">The layer; its A and B are zero, its frozen weight not yet packed.</param>
/// <param name="random">A stream of the layer's own.</param>
internal delegate void AdapterInitializer(LoraLinear layer, RandomStream random);

/// <summary>The ways to start.</summary>
internal static class AdapterInitializers
{
    private static readonly Dictionary<AdapterInitialization, AdapterInitializer> _initializers = new()
    {
        [AdapterInitialization.Kaiming] = Kaiming,
        [AdapterInitialization.Gaussian] = Gaussian,
        [AdapterInitialization.Orthogonal] = OrthogonalInitializer.Initialize,
        [AdapterInitialization.Pissa] = PissaInitializer.Initialize,
        [AdapterInitialization.Olora] = OloraInitializer.Initialize,
    };

    /// <summary>The one asked for.</summary>
    public static AdapterInitializer Get(AdapterInitialization kind) => _initializers[kind];

    // PyTorch's kaiming_uniform_ with a = √5: the bound √(6 / ((1 + 5) · in)).
    private static void Kaiming(LoraLinear layer, RandomStream random)
    {
        double bound = 1 / Math.Sqrt(layer.InFeatures);
        random.FillUniform(layer.A.Value.Span, -bound, bound);
    }

    private static void Gaussian(LoraLinear layer, RandomStream random) =>
        random.FillNormal(layer.A.Value.Span, 1.0 / layer.Rank);
}
