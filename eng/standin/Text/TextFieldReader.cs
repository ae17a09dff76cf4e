using System.Buffers;
using System.Globalization;
using System.Text;

namespace Microsoft.ML.Data;

/// <summary>Cuts lines into fields: separators, quotes, sparse items.</summary>
internal sealed class TextFieldReader
{
    private readonly TextFormat _format;
    private readonly TextParseStats _stats;
    private readonly SearchValues<char> _separators;
    private readonly bool _skipSpaces;
    private readonly int _limit;
    private readonly bool _isHeader;
    private readonly bool _keepEmpty;
    private readonly StringBuilder _unquoted = new();
    private TextLine _line;
    private int _fieldStart;
    private int _fieldEnd;
    private bool _quoted;

    /// <param name="format">How lines are cut.</param>
    /// <param name="stats">Where malformed fields are reported.</param>
    /// <param name="limit">The index of the first field that nobody wants, with all behind it.</param>
    /// <param name="isHeader">
    /// Whether the line is a header: its empty fields are never told from missing ones, and its sparse items have no
    /// limit where the format says how many fields there are.
    /// </param>
    public TextFieldReader(
        TextFormat format, TextParseStats stats, int limit = int.MaxValue, bool isHeader = false)
    {
        _format = format;
        _stats = stats;
        _separators = SearchValues.Create(format.Separators);
        _limit = limit;
        _isHeader = isHeader;
        _keepEmpty = !isHeader && format.MissingRealsAsNaNs && !format.AllowSparse;
        _skipSpaces = !format.Separators.Contains(' ');
    }

    /// <summary>Reads the fields of a line; where sparse items are allowed, one more than are wanted.</summary>
    public void Read(TextLine line, TextFields fields)
    {
        _line = line;
        fields.Clear();
        var sparse = new SparseItems(this, fields);
        int position = 0;
        bool more = true;
        int index = 0;
        while (more && (index < _limit || sparse.Started || (_format.AllowSparse && index == _limit)))
        {
            ReadOnlyMemory<char> text = NextField(ref position, out more);
            if (_format.AllowSparse && !sparse.Accepts(ref text, ref index))
            {
                break;
            }

            if (!text.IsEmpty || _keepEmpty)
            {
                fields.Add(index, text);
            }

            index++;
        }

        fields.Length = sparse.Started ? sparse.Length
            : _format.AllowSparse ? Math.Max(index, _format.InputSize)
            : index;
    }

    private ReadOnlyMemory<char> NextField(ref int position, out bool more)
    {
        string text = _line.Text;
        int start = position;
        if (_skipSpaces)
        {
            while (start < text.Length && text[start] == ' ')
            {
                start++;
            }
        }

        _fieldStart = start;
        _quoted = _format.AllowQuoting && start < text.Length && text[start] == '"';
        ReadOnlyMemory<char> field;
        if (_quoted)
        {
            field = QuotedField(start);
        }
        else
        {
            int length = text.AsSpan(start).IndexOfAny(_separators);
            _fieldEnd = length < 0 ? text.Length : start + length;
            field = text.AsMemory(start, _fieldEnd - start);
        }

        more = _fieldEnd < text.Length;
        position = _fieldEnd + 1;
        return field;
    }

    private ReadOnlyMemory<char> QuotedField(int start)
    {
        string text = _line.Text;
        char escape = _format.EscapeChar;
        _unquoted.Clear();
        int copied = start + 1;
        for (int i = start + 1; i < text.Length; i++)
        {
            char next = text[i] == escape && i + 1 < text.Length ? text[i + 1] : '\0';
            if (next == escape && escape != '"')
            {
                i++;
            }
            else if (next == '"')
            {
                _unquoted.Append(text, copied, i - copied);
                copied = i + 1;
                i++;
            }
            else if (text[i] == '"')
            {
                return AfterClosingQuote(copied, i);
            }
        }

        _fieldEnd = text.Length;
        Complain("Illegal quoting");
        return default;
    }

    private ReadOnlyMemory<char> AfterClosingQuote(int copied, int close)
    {
        string text = _line.Text;
        _fieldEnd = close + 1;
        while (_skipSpaces && _fieldEnd < text.Length && text[_fieldEnd] == ' ')
        {
            _fieldEnd++;
        }

        if (_fieldEnd < text.Length && !_separators.Contains(text[_fieldEnd]))
        {
            int length = text.AsSpan(_fieldEnd).IndexOfAny(_separators);
            _fieldEnd = length < 0 ? text.Length : _fieldEnd + length;
            Complain("Illegal quoting");
            return default;
        }

        if (_unquoted.Length == 0)
        {
            return text.AsMemory(copied, close - copied);
        }

        return _unquoted.Append(text, copied, close - copied).ToString().AsMemory();
    }

    private void Complain(string message)
    {
        string place = $"{_line.Path}({_line.Number},{_fieldStart + 1})-({_line.Number},{_fieldEnd + 1})";
        _stats.AddFormatError(place, message);
    }

    /// <summary>Items "index:value" at the end of a line, whose indexes count from the first of them.</summary>
    private ref struct SparseItems(TextFieldReader owner, TextFields fields)
    {
        private int _base;
        private int _size;
        private int _last = -1;

        public bool Started { get; private set; }

        /// <summary>The number of fields of the line, sparse ones included.</summary>
        public readonly int Length => _base + _size;

        /// <summary>
        /// Takes a field's index and value out of its text; false when the rest of the line is to be left out.
        /// </summary>
        public bool Accepts(ref ReadOnlyMemory<char> text, ref int index)
        {
            int colon = owner._quoted ? -1 : IndexLength(text.Span);
            if (colon < 0)
            {
                return !Started || Refuse("Non-sparse formatted value follows sparse formatted value");
            }

            if (!Started && !Start(index))
            {
                return false;
            }

            int item = int.Parse(text.Span[..colon], CultureInfo.InvariantCulture);
            if (item >= _size)
            {
                return Refuse("Sparse item index larger than expected. Is the specified size incorrect?");
            }

            if (item <= _last)
            {
                return Refuse("Sparse indices out of order");
            }

            _last = item;
            text = text[(colon + 1)..];
            index = _base + item;
            return true;
        }

        private static int IndexLength(ReadOnlySpan<char> text)
        {
            int digits = 0;
            while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            {
                digits++;
            }

            return digits < text.Length && text[digits] == ':' && int.TryParse(text[..digits], out _) ? digits : -1;
        }

        private bool Start(int index)
        {
            if (owner._format.InputSize > 0)
            {
                // Empty fields before the first sparse item are not counted.
                _base = fields.Count;
                _size = (owner._isHeader ? int.MaxValue : owner._format.InputSize) - _base;
                Started = true;
                return true;
            }

            bool hasSize = fields.Count > 0 && fields.IndexAt(fields.Count - 1) == index - 1;
            if (!hasSize)
            {
                return Refuse("Missing dimensionality or ambiguous sparse item. " +
                    "Use sparse=- for non-sparse file, and/or quote the value.");
            }

            ReadOnlyMemory<char> size = fields.TextAt(fields.Count - 1);
            if (!TextValues.TryParse(size.Span, out _size) || _size <= 0)
            {
                return Refuse("Bad dimensionality or ambiguous sparse item. " +
                    "Use sparse=- for non-sparse file, and/or quote the value.");
            }

            fields.RemoveLast();
            _base = index - 1;
            Started = true;
            return true;
        }

        private readonly bool Refuse(string message)
        {
            owner.Complain(message);
            return false;
        }
    }
}
