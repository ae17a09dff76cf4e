using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>One line of text: its file, its number in it (from 1) and its characters without the line end.</summary>
internal readonly record struct TextLine(string Path, long Number, string Text);

/// <summary>Lines of one file that are parsed together, in the order of their batch numbers.</summary>
internal sealed record TextLineBatch(long Number, long FirstLine, List<TextLine> Lines);

/// <summary>Reads the lines that make rows: no comments, no empty lines, no headers.</summary>
internal sealed class TextLineReader : IDisposable
{
    public const int LinesPerBatch = 64;

    private readonly IMultiStreamSource _source;
    private readonly TextFormat _format;
    private readonly bool _isSample;
    private readonly bool _trims;
    private readonly Lock _lock = new();
    private TextReader _reader;
    private string _path;
    private int _next;
    private long _lineNumber;
    private long _rows;
    private long _batches;
    private bool _inData;
    private bool _needsHeader;

    /// <param name="source">The files.</param>
    /// <param name="format">The choices of the loader.</param>
    /// <param name="isSample">Whether headers are handed out like rows, whatever the number of rows wanted.</param>
    /// <param name="trims">Whether lines lose their last white space where the format says so.</param>
    public TextLineReader(IMultiStreamSource source, TextFormat format, bool isSample = false, bool trims = true)
    {
        _source = source;
        _format = format;
        _isSample = isSample;
        _trims = trims && format.TrimWhitespace;
    }

    /// <summary>
    /// The next lines of one file, or null at the end of the last one. May be called by several threads.
    /// </summary>
    public TextLineBatch NextBatch(int limit = LinesPerBatch)
    {
        lock (_lock)
        {
            var lines = new List<TextLine>(limit);
            long first = _rows;
            try
            {
                long most = _isSample ? long.MaxValue : _format.MaxRows;
                while (lines.Count < limit && _rows < most && TryNext(lines.Count > 0, out TextLine line))
                {
                    lines.Add(line);
                    _rows++;
                }
            }
            catch (Exception ex)
            {
                throw Contracts.ExceptDecode(ex, "Stream reading encountered exception");
            }

            return lines.Count == 0 ? null : new TextLineBatch(_batches++, first, lines);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _reader?.Dispose();
            _reader = null;
            _next = int.MaxValue;
        }
    }

    private bool TryNext(bool sameFile, out TextLine line)
    {
        while (true)
        {
            if (_reader == null && (sameFile || !OpenNext()))
            {
                line = default;
                return false;
            }

            string text = ReadRecord();
            if (text == null)
            {
                _reader.Dispose();
                _reader = null;
                continue;
            }

            if (IsRow(text))
            {
                line = new TextLine(_path, _lineNumber, _trims ? text.TrimEnd() : text);
                return true;
            }
        }
    }

    private bool OpenNext()
    {
        if (_next >= _source.Count)
        {
            return false;
        }

        _path = _source.GetPathOrNull(_next);
        _reader = _source.OpenTextReader(_next);
        _next++;
        _lineNumber = 0;
        _inData = false;
        _needsHeader = _format.HasHeader && !_isSample;
        return true;
    }

    private bool IsComment(string text) =>
        text.Length == 0 || text.StartsWith("//", StringComparison.Ordinal) || (!_inData && text[0] == '#');

    private bool IsRow(string text)
    {
        if (IsComment(text))
        {
            return false;
        }

        _inData = true;
        if (_needsHeader)
        {
            _needsHeader = false;
            return false;
        }

        return true;
    }

    // A line, with those that follow as long as a quoted field is open; all of them count as one.
    private string ReadRecord()
    {
        string text = _reader.ReadLine();
        _lineNumber++;
        if (text == null || !_format.ReadMultilines || !text.Contains('"') || IsComment(text))
        {
            return text;
        }

        var scanner = new QuoteScanner(_format);
        if (!scanner.EndsInsideQuotes(text))
        {
            return text;
        }

        var joined = new StringBuilder(text);
        do
        {
            text = _reader.ReadLine() ?? throw new EndOfStreamException(
                $"A quoted field opened on line {_lineNumber - 1} was never closed, " +
                "and we've read to the last line in the file" +
                " without finding the closing quote");
            joined.Append('\n').Append(text);
        }
        while (scanner.EndsInsideQuotes(text));
        return joined.ToString();
    }

    /// <summary>Follows quoted fields over the ends of lines.</summary>
    private struct QuoteScanner(TextFormat format)
    {
        private bool _inside;

        public bool EndsInsideQuotes(string line)
        {
            bool atStart = true;
            for (int i = 0; i < line.Length; i++)
            {
                char c = line[i];
                char next = i + 1 < line.Length ? line[i + 1] : '\0';
                if (!_inside)
                {
                    _inside = c == '"' && atStart;
                    atStart = format.Separators.Contains(c) || (atStart && c == ' ');
                }
                else if (c == format.EscapeChar && (next == '"' || (next == c && c != '"')))
                {
                    i++;
                }
                else if (c == '"')
                {
                    _inside = false;
                    if (format.EscapeChar != '"' || !IsFollowedBySeparator(line, i + 1))
                    {
                        // The rest of such a line is not looked at.
                        return false;
                    }
                }
            }

            return _inside;
        }

        private readonly bool IsFollowedBySeparator(string line, int start)
        {
            int end = start;
            while (end < line.Length && line[end] == ' ' && !format.Separators.Contains(' '))
            {
                end++;
            }

            return end < line.Length && format.Separators.Contains(line[end]);
        }
    }
}
