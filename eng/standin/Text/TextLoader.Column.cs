using Microsoft.ML.CommandLine;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed partial class TextLoader
{
    /// <summary>A column of the view and the fields that it is made of.</summary>
    public sealed class Column
    {
        [Argument(ArgumentType.AtMostOnce, HelpText = "Name of the column")]
        public string Name;

        [Argument(ArgumentType.LastOccurrenceWins, HelpText = "Source index range(s) of the column", ShortName = "src")]
        public Range[] Source;

        [Argument(
            ArgumentType.LastOccurrenceWins,
            HelpText = "For a key column, this defines the range of values", ShortName = "key")]
        public KeyCount KeyCount;

        public Column()
        {
        }

        public Column(string name, DataKind dataKind, int index)
            : this(name, dataKind, [new Range(index)])
        {
        }

        public Column(string name, DataKind dataKind, int minIndex, int maxIndex)
            : this(name, dataKind, [new Range(minIndex, maxIndex)])
        {
        }

        public Column(string name, DataKind dataKind, Range[] source, KeyCount keyCount = null)
        {
            Contracts.CheckValue(name, nameof(name));
            Contracts.CheckValue(source, nameof(source));
            Name = name;
            DataKind = dataKind;
            Source = source;
            KeyCount = keyCount;
        }

        public DataKind DataKind { get; set; } = DataKind.Single;
    }
}
