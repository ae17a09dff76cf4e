namespace Microsoft.ML.Lora.Providers;

/// <summary>Those who can compute, by name.</summary>
internal static class ComputeProviders
{
    private static readonly Dictionary<string, IComputeProvider> _providers = new IComputeProvider[]
    {
        new ManagedProvider(),
    }.ToDictionary(provider => provider.Name);

    /// <summary>The provider that is taken when none is named.</summary>
    public static IComputeProvider Default => _providers["managed"];
}
