using Microsoft.ML.Lora.Kernels;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>Tests that choose an instruction set run alone: the choice is the process's.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KernelTests
{
    public const string Name = "kernels";

    /// <summary>Runs a test body once on every instruction set of this machine.</summary>
    internal static void OnEverySet(Action body)
    {
        foreach (var set in KernelSelector.Available)
        {
            using (KernelSelector.Use(set))
            {
                try
                {
                    body();
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"On {set}: {exception.Message}", exception);
                }
            }
        }
    }
}
