using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// Turns the columns of the options into resolved ones; looks at data where a range needs the line's length.
/// </summary>
internal sealed class TextColumnResolver
{
    private const int SampledLines = 100;

    private readonly IChannel _context;
    private readonly TextLoader.Column[] _columns;
    private readonly Func<int> _findLineLength;
    private int _lineLength;

    /// <param name="context">Marks the exceptions.</param>
    /// <param name="columns">The columns of the options.</param>
    /// <param name="findLineLength">Gives the number of fields of the data's lines; 0 when no range needs it.</param>
    public TextColumnResolver(IChannel context, TextLoader.Column[] columns, Func<int> findLineLength)
    {
        _context = context;
        _columns = columns;
        _findLineLength = findLineLength;
    }

    /// <summary>Whether a column has a range whose length comes from the data.</summary>
    public static bool NeedsLineLength(TextLoader.Column[] columns) =>
        columns.Any(column => column.Source?.Any(range => range.AutoEnd && range.Max == null) == true);

    /// <summary>
    /// The number of fields that the first lines have; a line refused from its first field on does not count.
    /// </summary>
    public static int SampleLineLength(
        IExceptionContext context, IHost host, TextFormat format, IMultiStreamSource sample)
    {
        HashSet<int> lengths = sample is { Count: > 0 } ? SampleLengths(host, format, sample) : [];
        lengths.Remove(0);
        return lengths.Count switch
        {
            0 => throw context.ExceptUserArg(
                nameof(TextLoader.Column.Source), "Can't determine the number of source columns without valid data"),
            1 => lengths.Single(),
            _ => throw context.ExceptUserArg(
                nameof(TextLoader.Column.Source), "The size of input lines is not consistent"),
        };
    }

    public TextColumn[] Resolve()
    {
        if (_columns.Any(column => column.Source is not { Length: > 0 }))
        {
            throw _context.ExceptUserArg(
                nameof(TextLoader.Column.Source), "Must specify some source column indices");
        }

        _lineLength = _findLineLength();
        int allOther = -1;
        var names = new HashSet<string>();
        bool warned = false;
        var keyTypes = new KeyDataViewType[_columns.Length];
        var resolved = new TextSegment[_columns.Length][];
        for (int i = 0; i < _columns.Length; i++)
        {
            TextLoader.Column column = _columns[i];
            _context.CheckNonWhiteSpace(column.Name, nameof(column.Name));
            if (!names.Add(column.Name) && !warned)
            {
                warned = true;
                _context.Info(
                    MessageSensitivity.Schema, "Duplicate name(s) specified - later columns will hide earlier ones");
            }

            keyTypes[i] = KeyType(column);
            _context.CheckUserArg(Enum.IsDefined(column.DataKind), nameof(Type), "Bad item type");
            resolved[i] = new TextSegment[column.Source.Length];
            for (int j = 0; j < column.Source.Length; j++)
            {
                TextLoader.Range range = column.Source[j];
                if (range.AllOther)
                {
                    _context.CheckUserArg(
                        allOther < 0, nameof(range.AllOther), "At most one all other range can be specified");
                    allOther = i;
                }

                resolved[i][j] = Segment(range);
            }

            if (allOther != i)
            {
                CheckOverlap(column, resolved[i]);
            }
        }

        if (allOther >= 0)
        {
            resolved[allOther] = WithoutOthers(allOther, resolved);
            CheckOverlap(_columns[allOther], resolved[allOther]);
        }

        return [.. _columns.Select((column, i) =>
            new TextColumn(column.Name, column.DataKind, keyTypes[i], resolved[i]))];
    }

    private static HashSet<int> SampleLengths(IHost host, TextFormat format, IMultiStreamSource sample)
    {
        using var lines = new TextLineReader(sample, format, isSample: true);
        var lengths = new HashSet<int>();
        if (lines.NextBatch(SampledLines) is { } batch)
        {
            using var stats = new TextParseStats(host, 1, quiet: true);
            var reader = new TextFieldReader(format, stats);
            var fields = new TextFields();
            foreach (TextLine line in batch.Lines.Where(line => line.Text.Length > 0))
            {
                reader.Read(line, fields);
                lengths.Add(fields.Length);
            }
        }

        return lengths;
    }

    private TextSegment Segment(TextLoader.Range range)
    {
        _context.CheckUserArg(range.Min >= 0, nameof(range.Min));
        if (range.Max is int max)
        {
            _context.CheckUserArg(max >= range.Min && max < int.MaxValue, nameof(range.Max));
            return new TextSegment(range.Min, max + 1, range.ForceVector);
        }

        if (range.AutoEnd)
        {
            if (range.Min >= _lineLength)
            {
                throw _context.ExceptUserArg(
                    nameof(range.Min), "Column #{0} not found in the dataset (it only has {1} columns)",
                    range.Min, _lineLength);
            }

            return new TextSegment(range.Min, _lineLength, true);
        }

        int lim = range.VariableEnd ? TextSegment.LineEnd : range.Min + 1;
        return new TextSegment(range.Min, lim, range.ForceVector || range.VariableEnd);
    }

    private TextSegment[] WithoutOthers(int column, TextSegment[][] resolved)
    {
        TextLoader.Range[] ranges = _columns[column].Source;
        int place = Array.FindIndex(ranges, range => range.AllOther);
        TextSegment all = resolved[column][place];
        IEnumerable<TextSegment> taken = resolved
            .SelectMany((segments, i) => segments.Where((_, j) => i != column || j != place))
            .OrderBy(segment => segment.Min);
        var left = new List<TextSegment>();
        int min = all.Min;
        foreach (TextSegment segment in taken.TakeWhile(_ => min < all.Lim))
        {
            // What lies before a segment is taken even beyond the range's own end.
            if (min < segment.Min)
            {
                left.Add(new TextSegment(min, segment.Min, true));
            }

            min = Math.Max(min, segment.Lim);
        }

        if (min < all.Lim)
        {
            left.Add(new TextSegment(min, all.Lim, true));
        }

        _context.CheckUserArg(
            left.Count > 0 || ranges.Length > 1, nameof(TextLoader.Range.AllOther),
            "No index is selected as all other indexes.");
        return [.. resolved[column][..place], .. left, .. resolved[column][(place + 1)..]];
    }

    private static void CheckOverlap(TextLoader.Column column, TextSegment[] segments)
    {
        int lim = 0;
        foreach (TextSegment segment in segments.OrderBy(segment => segment.Min))
        {
            if (segment.Min < lim)
            {
                throw Contracts.ExceptUserArg(
                    nameof(column.Source), "Intervals specified for column '{0}' overlap", column.Name);
            }

            lim = segment.Lim;
        }
    }

    private static KeyDataViewType KeyType(TextLoader.Column column)
    {
        if (column.KeyCount == null)
        {
            return null;
        }

        Type raw = TextColumn.ItemType(column.DataKind).RawType;
        Contracts.CheckUserArg(KeyDataViewType.IsValidDataType(raw), nameof(Type), "Bad item type for Key");
        return column.KeyCount.Count is ulong count ? new KeyDataViewType(raw, count) : FullKeyType(raw);
    }

    private static KeyDataViewType FullKeyType(Type raw) =>
        raw == typeof(byte) ? new KeyDataViewType(raw, byte.MaxValue)
        : raw == typeof(ushort) ? new KeyDataViewType(raw, ushort.MaxValue)
        : raw == typeof(uint) ? new KeyDataViewType(raw, uint.MaxValue)
        : new KeyDataViewType(raw, ulong.MaxValue);
}
