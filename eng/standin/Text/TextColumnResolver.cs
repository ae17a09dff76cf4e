using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Turns the columns of the options into resolved ones; looks at data where a range needs the line's length.</summary>
internal sealed class TextColumnResolver
{
    private const int SampledLines = 100;

    private readonly IExceptionContext _context;
    private readonly TextLoader.Column[] _columns;
    private readonly int _lineLength;

    /// <param name="context">Marks the exceptions.</param>
    /// <param name="columns">The columns of the options.</param>
    /// <param name="lineLength">The number of fields of the data's lines; 0 when no range needs it.</param>
    public TextColumnResolver(IExceptionContext context, TextLoader.Column[] columns, int lineLength)
    {
        _context = context;
        _columns = columns;
        _lineLength = lineLength;
    }

    /// <summary>Whether a column has a range whose length comes from the data.</summary>
    public static bool NeedsLineLength(TextLoader.Column[] columns) =>
        columns.Any(column => column.Source?.Any(range => range.AutoEnd && range.Max == null) == true);

    /// <summary>The number of fields that the first lines have.</summary>
    public static int SampleLineLength(
        IExceptionContext context, TextFormat format, IMultiStreamSource sample, TextParseStats stats)
    {
        if (format.InputSize > 0)
        {
            return format.InputSize;
        }

        int length = 0;
        if (sample is { Count: > 0 })
        {
            using var lines = new TextLineReader(sample, format, isSample: true);
            var reader = new TextFieldReader(format, stats);
            var fields = new TextFields();
            foreach (TextLine line in lines.NextBatch(SampledLines)?.Lines ?? [])
            {
                reader.Read(line, fields);
                if (length != 0 && fields.Length != length)
                {
                    throw context.ExceptUserArg(nameof(TextLoader.Column.Source), "The size of input lines is not consistent");
                }

                length = fields.Length;
            }
        }

        return length > 0
            ? length
            : throw context.ExceptUserArg(
                nameof(TextLoader.Column.Source), "Can't determine the number of source columns without valid data");
    }

    public TextColumn[] Resolve()
    {
        int allOther = -1;
        var resolved = new TextSegment[_columns.Length][];
        for (int i = 0; i < _columns.Length; i++)
        {
            TextLoader.Column column = _columns[i];
            _context.CheckNonWhiteSpace(column.Name, nameof(column.Name));
            if (column.Source is not { Length: > 0 })
            {
                throw _context.ExceptUserArg(nameof(column.Source), "Must specify some source column indices");
            }

            resolved[i] = [.. column.Source.Select(Segment)];
            foreach (TextLoader.Range range in column.Source.Where(range => range.AllOther))
            {
                _context.CheckUserArg(allOther < 0, nameof(range.AllOther), "At most one all other range can be specified");
                allOther = i;
            }
        }

        if (allOther >= 0)
        {
            resolved[allOther] = WithoutOthers(allOther, resolved);
        }

        return [.. _columns.Select((column, i) => Create(column, resolved[i]))];
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
                    nameof(range.Min), "Column #{0} not found in the dataset (it only has {1} columns)", range.Min, _lineLength);
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
        TextLoader.Range range = ranges[place];
        if (range is { Max: null, AutoEnd: false, VariableEnd: false })
        {
            all = all with { Lim = Math.Max(all.Min, taken.Max(segment => (int?)segment.Lim) ?? all.Lim) };
        }

        var left = new List<TextSegment>();
        int min = all.Min;
        foreach (TextSegment segment in taken)
        {
            if (min < Math.Min(segment.Min, all.Lim))
            {
                left.Add(new TextSegment(min, Math.Min(segment.Min, all.Lim), true));
            }

            min = Math.Max(min, segment.Lim);
        }

        if (min < all.Lim)
        {
            left.Add(new TextSegment(min, all.Lim, true));
        }

        _context.CheckUserArg(
            left.Count > 0 || ranges.Length > 1, nameof(TextLoader.Range.AllOther), "No index is selected as all other indexes.");
        return [.. resolved[column][..place], .. left, .. resolved[column][(place + 1)..]];
    }

    private static TextColumn Create(TextLoader.Column column, TextSegment[] segments)
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

        return new TextColumn(column.Name, column.DataKind, KeyType(column), segments);
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
