namespace Microsoft.ML.Lora.Providers;

/// <summary>The engine in this assembly: managed code on the machine's processors.</summary>
internal sealed class ManagedProvider : IComputeProvider
{
    /// <inheritdoc/>
    public string Name => "managed";

    /// <inheritdoc/>
    public ITrainingSession Open(SessionSpec spec) => new ManagedSession(spec);
}
