using Microsoft.ML.CommandLine;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed partial class TextLoader
{
    /// <summary>Fields of a line, by their indexes from 0.</summary>
    public sealed class Range
    {
        [Argument(ArgumentType.Required, HelpText = "First index in the range")]
        public int Min;

        [Argument(ArgumentType.AtMostOnce, HelpText = "Last index in the range")]
        public int? Max;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "This range extends to the end of the line, but should be a fixed number of items",
            ShortName = "auto")]
        public bool AutoEnd;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "This range extends to the end of the line, which can vary from line to line",
            ShortName = "var")]
        public bool VariableEnd;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "This range includes only other indices not specified", ShortName = "other")]
        public bool AllOther;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "Force scalar columns to be treated as vectors of length one", ShortName = "vector")]
        public bool ForceVector;

        public Range()
        {
        }

        public Range(int index)
        {
            Contracts.CheckParam(index >= 0, nameof(index), "Must be non-negative");
            Min = index;
            Max = index;
        }

        public Range(int min, int? max)
        {
            Contracts.CheckParam(min >= 0, nameof(min), "Must be non-negative");
            Contracts.CheckParam(!(max < min), nameof(max),
                "If specified, must be greater than or equal to " + nameof(min));
            Min = min;
            Max = max;
            AutoEnd = max == null;
            ForceVector = true;
        }
    }
}
