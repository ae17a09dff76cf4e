using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Holds a column's value of the current line.</summary>
internal abstract class TextColumnReader
{
    /// <summary>Reads the column's value out of a line's fields.</summary>
    public abstract void Read(TextFields fields, long line);

    /// <summary>Makes the getter of the column.</summary>
    public abstract Delegate CreateGetter(Func<bool> isGood);

    /// <summary>Makes the reader of a column.</summary>
    public static TextColumnReader Create(TextColumn column, TextFormat format, TextParseStats stats)
    {
        char marker = format.DecimalMarker;
        return column.KeyType is KeyDataViewType key
            ? CreateKeys(column, key, stats)
            : column.Kind switch
            {
                DataKind.SByte => Of<sbyte>(TextValues.TryParse),
                DataKind.Byte => Of<byte>(TextValues.TryParse),
                DataKind.Int16 => Of<short>(TextValues.TryParse),
                DataKind.UInt16 => Of<ushort>(TextValues.TryParse),
                DataKind.Int32 => Of<int>(TextValues.TryParse),
                DataKind.UInt32 => Of<uint>(TextValues.TryParse),
                DataKind.Int64 => Of<long>(TextValues.TryParse),
                DataKind.UInt64 => Of<ulong>(TextValues.TryParse),
                DataKind.Single => Real(
                    (text, out value) => TextValues.TryParse(text, marker, out value), float.NaN),
                DataKind.Double => Real(
                    (text, out value) => TextValues.TryParse(text, marker, out value), double.NaN),
                DataKind.Boolean => Of<bool>(TextValues.TryParse),
                DataKind.TimeSpan => Of<TimeSpan>(TextValues.TryParse),
                DataKind.DateTime => Of<DateTime>(TextValues.TryParse),
                DataKind.DateTimeOffset => Of<DateTimeOffset>(TextValues.TryParse),
                _ => Finish(new TextColumnReader<ReadOnlyMemory<char>>.Rules(null, default, default, false)),
            };

        TextColumnReader Of<T>(TextParser<T> parse) =>
            Finish(new TextColumnReader<T>.Rules(parse, default, default, false));

        TextColumnReader Real<T>(TextParser<T> parse, T nan) => Finish(
            new TextColumnReader<T>.Rules(parse, format.MissingRealsAsNaNs ? nan : default, nan, true));

        TextColumnReader Finish<T>(TextColumnReader<T>.Rules rules) => column.IsVector
            ? new TextVectorReader<T>(column, rules, stats)
            : new TextScalarReader<T>(column, rules, stats);
    }

    private static TextColumnReader CreateKeys(TextColumn column, KeyDataViewType key, TextParseStats stats)
    {
        ulong count = key.Count;
        return key.RawType == typeof(byte) ? Of((ReadOnlySpan<char> text, out byte value) =>
            {
                bool ok = TextValues.TryParseKey(text, count, out ulong wide);
                value = (byte)wide;
                return ok;
            })
            : key.RawType == typeof(ushort) ? Of((ReadOnlySpan<char> text, out ushort value) =>
            {
                bool ok = TextValues.TryParseKey(text, count, out ulong wide);
                value = (ushort)wide;
                return ok;
            })
            : key.RawType == typeof(uint) ? Of((ReadOnlySpan<char> text, out uint value) =>
            {
                bool ok = TextValues.TryParseKey(text, count, out ulong wide);
                value = (uint)wide;
                return ok;
            })
            : Of((ReadOnlySpan<char> text, out ulong value) => TextValues.TryParseKey(text, count, out value));

        TextColumnReader Of<T>(TextParser<T> parse)
        {
            var rules = new TextColumnReader<T>.Rules(parse, default, default, true);
            return column.IsVector
                ? new TextVectorReader<T>(column, rules, stats)
                : new TextScalarReader<T>(column, rules, stats);
        }
    }
}

/// <summary>Reads a value out of the characters of a field that is not empty.</summary>
internal delegate bool TextParser<T>(ReadOnlySpan<char> text, out T value);

/// <summary>What scalar and vector columns of one item type share.</summary>
internal abstract class TextColumnReader<T> : TextColumnReader
{
    private static readonly bool _isReal = typeof(T) == typeof(float) || typeof(T) == typeof(double);

    private static readonly bool _isUnsigned =
        typeof(T) == typeof(byte) || typeof(T) == typeof(ushort)
        || typeof(T) == typeof(uint) || typeof(T) == typeof(ulong);

    private readonly Rules _rules;
    private readonly TextParseStats _stats;

    protected TextColumnReader(TextColumn column, Rules rules, TextParseStats stats)
    {
        Column = column;
        _rules = rules;
        _stats = stats;
    }

    protected TextColumn Column { get; }

    /// <summary>The value of an empty field.</summary>
    protected T Empty => _rules.Empty;

    protected bool EmptyIsDefault => EqualityComparer<T>.Default.Equals(_rules.Empty, default);

    protected T Parse(ReadOnlyMemory<char> text, long line, int? slot)
    {
        if (typeof(T) == typeof(ReadOnlyMemory<char>))
        {
            return (T)(object)text;
        }

        // An empty field is here when empty numbers are to be missing ones; it is no unsigned number.
        if (text.Span.IsWhiteSpace() && (text.IsEmpty || _isReal) && (!_isUnsigned || Column.KeyType != null))
        {
            return Empty;
        }

        if (_rules.Parse(text.Span, out T value))
        {
            return value;
        }

        if (!_rules.ToleratesBad)
        {
            throw Contracts.Except(slot.HasValue
                ? $"Could not parse value {text} in slot {slot} of column {Column.Name} in line {line}"
                : $"Could not parse value {text} in line {line}, column {Column.Name}");
        }

        _stats.AddBadValue(line, Column.Name, slot);
        return _rules.Bad;
    }

    protected static void CheckGood(Func<bool> isGood)
    {
        if (!isGood())
        {
            throw Contracts.Except();
        }
    }

    /// <summary>How fields become values.</summary>
    /// <param name="Parse">Reads a value; null for text.</param>
    /// <param name="Empty">The value of an empty field.</param>
    /// <param name="Bad">The value of an unreadable field.</param>
    /// <param name="ToleratesBad">Whether an unreadable field is counted rather than thrown on.</param>
    internal sealed record Rules(TextParser<T> Parse, T Empty, T Bad, bool ToleratesBad);
}

/// <summary>A column of one field.</summary>
internal sealed class TextScalarReader<T> : TextColumnReader<T>
{
    private T _value;

    public TextScalarReader(TextColumn column, Rules rules, TextParseStats stats)
        : base(column, rules, stats)
    {
    }

    public override void Read(TextFields fields, long line)
    {
        int index = Column.Segments[0].Min;
        int position = fields.Find(index);
        _value = position < fields.Count && fields.IndexAt(position) == index
            ? Parse(fields.TextAt(position), line, null)
            : Empty;
    }

    public override Delegate CreateGetter(Func<bool> isGood)
    {
        return (ValueGetter<T>)((ref T value) =>
        {
            CheckGood(isGood);
            value = _value;
        });
    }
}

/// <summary>A column of several fields.</summary>
internal sealed class TextVectorReader<T> : TextColumnReader<T>
{
    private int _size;
    private int _count;
    private bool _isFilled;
    private int[] _indices = [];
    private T[] _values = [];

    public TextVectorReader(TextColumn column, Rules rules, TextParseStats stats)
        : base(column, rules, stats)
    {
    }

    public override void Read(TextFields fields, long line)
    {
        _size = 0;
        _count = 0;
        _isFilled = false;
        int lacking = 0;
        foreach (TextSegment segment in Column.Segments)
        {
            int lim = segment.IsVariable ? Math.Max(fields.Length, segment.Min) : segment.Lim;
            lacking += segment.IsVariable ? lim - fields.Length : 0;
            for (int i = fields.Find(segment.Min); i < fields.Count && fields.IndexAt(i) < lim; i++)
            {
                int offset = fields.IndexAt(i) - segment.Min;
                if (_size + offset < lacking)
                {
                    throw new IndexOutOfRangeException();
                }

                T value = Parse(fields.TextAt(i), line, _size + offset);
                if (EmptyIsDefault || fields.IndexAt(i) < fields.Count)
                {
                    Add(_size + offset, value);
                }
            }

            // From the number of stored fields on all is empty, which for sparse items leaves out some that are not.
            for (int i = Math.Max(fields.Count, segment.Min); i < lim && !EmptyIsDefault; i++)
            {
                Add(_size + i - segment.Min, Empty);
                _isFilled = true;
            }

            _size += lim - segment.Min;
        }
    }

    public override Delegate CreateGetter(Func<bool> isGood)
    {
        return (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
        {
            CheckGood(isGood);
            if (_isFilled || _count > _size / 2)
            {
                VBufferEditor<T> dense = VBufferEditor.Create(ref value, _size);
                dense.Values.Clear();
                for (int i = 0; i < _count; i++)
                {
                    dense.Values[_indices[i]] = _values[i];
                }

                value = dense.Commit();
                return;
            }

            VBufferEditor<T> editor = VBufferEditor.Create(ref value, _size, _count);
            _values.AsSpan(0, _count).CopyTo(editor.Values);
            if (_count < _size)
            {
                _indices.AsSpan(0, _count).CopyTo(editor.Indices);
            }

            value = editor.Commit();
        });
    }

    private void Add(int index, T value)
    {
        if (_count == _values.Length)
        {
            int capacity = Math.Max(4, _count * 2);
            Array.Resize(ref _values, capacity);
            Array.Resize(ref _indices, capacity);
        }

        _indices[_count] = index;
        _values[_count] = value;
        _count++;
    }
}
