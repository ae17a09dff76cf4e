namespace Microsoft.ML.Lora.Kernels;

/// <summary>Work of numbered, independent items that a <see cref="ThreadTeam"/> shares out without allocating.</summary>
internal interface IParallelJob
{
    /// <summary>Does one item; workers call this at once on one instance.</summary>
    void Run(int item, int worker);
}
