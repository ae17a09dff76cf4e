using Microsoft.ML.CommandLine;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The number of values of a key, where it is known.</summary>
public sealed class KeyCount
{
    [Argument(ArgumentType.AtMostOnce, HelpText = "Count of valid key values")]
    public ulong? Count;

    public KeyCount()
    {
    }

    public KeyCount(ulong count)
    {
        Contracts.CheckParam(
            count > 0,
            nameof(count),
            "The cardinality of valid values of a KeyDataViewType column has to be strictly positive.");
        Count = count;
    }
}
