using Microsoft.ML.CommandLine;

namespace Microsoft.ML.Data;

public sealed partial class TextLoader
{
    /// <summary>How lines of text become rows.</summary>
    public class Options
    {
        [Argument(
            ArgumentType.AtMostOnce,
            HelpText =
                "Whether the input may include double-quoted values. This parameter is used to distinguish separator " +
                "characters in an input value from actual separators. When true, separators within double quotes are " +
                "treated as part of the input value. When false, all separators, even those within quotes, are " +
                "treated as delimiting a new column.", ShortName = "quote")]
        public bool AllowQuoting;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "Whether the input may include sparse representations", ShortName = "sparse")]
        public bool AllowSparse;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "Number of source columns in the text data. Default is that sparse rows contain their size " +
                "information.", ShortName = "size")]
        public int? InputSize;

        [Argument(
            ArgumentType.AtMostOnce, Name = "Separator", Visibility = ArgumentAttribute.VisibilityType.EntryPointsOnly,
            HelpText = "Source column separator.", ShortName = "sep")]
        public char[] Separators = ['\t'];

        [Argument(
            ArgumentType.AtMostOnce, Name = "Decimal Marker",
            HelpText =
                "Character symbol used to separate the integer part from the fractional part of a number written in " +
                "decimal form.", ShortName = "decimal")]
        public char DecimalMarker = '.';

        [Argument(
            ArgumentType.LastOccurrenceWins,
            HelpText = "Column groups. Each group is specified as name:type:numeric-ranges, eg, " +
                "col=Features:R4:1-17,26,35-40", Name = "Column", ShortName = "col", SortOrder = 1)]
        public Column[] Columns;

        [Argument(ArgumentType.AtMostOnce, HelpText = "Remove trailing whitespace from lines", ShortName = "trim")]
        public bool TrimWhitespace;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText =
                "Data file has header with feature names. Header is read only if options 'hs' and 'hf' are not " +
                "specified.", ShortName = "header")]
        public bool HasHeader;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "Use separate parsing threads?", ShortName = "threads", Hide = true)]
        public bool UseThreads = true;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "Escape new line characters inside a quoted field? If AllowQuoting is false, this argument is " +
                "ignored.", ShortName = "multilines", Hide = true)]
        public bool ReadMultilines;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "File containing a header with feature names. If specified, header defined in the data file " +
                "(header+) is ignored.", ShortName = "hf", IsInputFileName = true)]
        public string HeaderFile;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText = "Maximum number of rows to produce", ShortName = "rows", Hide = true)]
        public long? MaxRows;

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText =
                "Character to use to escape quotes inside quoted fields. It can't be a character used as separator.",
            ShortName = "escapechar")]
        public char EscapeChar = '"';

        [Argument(
            ArgumentType.AtMostOnce,
            HelpText =
                "If true, empty float fields will be loaded as NaN. If false, they'll be loaded as 0. Default is " +
                "false.", ShortName = "missingrealnan")]
        public bool MissingRealsAsNaNs;
    }
}
