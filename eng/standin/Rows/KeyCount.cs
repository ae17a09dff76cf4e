using Microsoft.ML.CommandLine;

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
        Count = count;
    }
}
