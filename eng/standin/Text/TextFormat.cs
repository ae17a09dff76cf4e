using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The checked choices of a text loader that concern how lines are cut and values read.</summary>
internal sealed class TextFormat
{
    public required char[] Separators { get; init; }

    public required char DecimalMarker { get; init; }

    public required char EscapeChar { get; init; }

    /// <summary>The number of fields of a line, or 0 when lines say for themselves.</summary>
    public required int InputSize { get; init; }

    /// <summary>The largest number of rows; <see cref="long.MaxValue"/> when there is no limit.</summary>
    public required long MaxRows { get; init; }

    public required bool HasHeader { get; init; }

    public required bool AllowQuoting { get; init; }

    public required bool AllowSparse { get; init; }

    public required bool TrimWhitespace { get; init; }

    public required bool ReadMultilines { get; init; }

    public required bool MissingRealsAsNaNs { get; init; }

    /// <summary>Checks the options and takes what concerns the format.</summary>
    public static TextFormat Create(IExceptionContext context, TextLoader.Options options)
    {
        context.Check(!(options.InputSize < 0), "inputSize");
        context.CheckUserArg(!(options.MaxRows < 0), nameof(options.MaxRows));
        CheckSeparators(context, options.Separators, options);
        return new TextFormat
        {
            Separators = [.. options.Separators.Distinct()],
            DecimalMarker = options.DecimalMarker,
            EscapeChar = options.EscapeChar,
            InputSize = options.InputSize ?? 0,
            MaxRows = options.MaxRows ?? long.MaxValue,
            HasHeader = options.HasHeader && string.IsNullOrWhiteSpace(options.HeaderFile),
            AllowQuoting = options.AllowQuoting,
            AllowSparse = options.AllowSparse,
            TrimWhitespace = options.TrimWhitespace,
            ReadMultilines = options.ReadMultilines && options.AllowQuoting,
            MissingRealsAsNaNs = options.MissingRealsAsNaNs,
        };
    }

    private static void CheckSeparators(IExceptionContext context, char[] separators, TextLoader.Options options)
    {
        const string Separator = "Separator";
        if (separators.Length == 0)
        {
            throw new IndexOutOfRangeException();
        }

        foreach (char separator in separators)
        {
            if (separator is '\0' or '\n' or '\r' or '"' || char.IsAsciiDigit(separator))
            {
                throw context.ExceptUserArg(Separator, "Illegal separator: '" + separator + "'");
            }
        }

        if (options.DecimalMarker is not ('.' or ','))
        {
            throw context.ExceptUserArg(
                nameof(options.DecimalMarker),
                "Decimal marker cannot be the '{0}' character. It must be '.' or ','.",
                options.DecimalMarker);
        }

        if (!options.AllowQuoting && options.DecimalMarker == ',' && separators.Contains(options.DecimalMarker))
        {
            throw context.ExceptUserArg(
                nameof(options.AllowQuoting),
                "Quoting must be allowed if decimal marker and separator are the '{0}' character.",
                options.DecimalMarker);
        }

        if (separators.Contains(options.EscapeChar))
        {
            throw context.ExceptUserArg(
                nameof(options.EscapeChar),
                "EscapeChar '{0}' can't be used both as EscapeChar and separator",
                options.EscapeChar);
        }
    }
}
