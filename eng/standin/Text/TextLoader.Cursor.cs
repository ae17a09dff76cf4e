using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed partial class TextLoader
{
    /// <summary>Moves over the lines, or over those batches of them that no sibling has taken.</summary>
    private sealed class Cursor : RootCursorBase
    {
        private readonly TextLoader _loader;
        private readonly TextLineReader _lines;
        private readonly TextParseStats _stats;
        private readonly Func<int, bool> _active;
        private readonly bool _wholeInOne;
        private readonly Action _close;
        private readonly TextFieldReader _reader;
        private readonly TextFields _fields = new();
        private readonly TextColumnReader[][] _rows;
        private TextLineBatch _batch;
        private int _next;
        private int _row;
        private bool _hasRow;
        private bool _ended;
        private bool _disposed;

        /// <param name="loader">The loader.</param>
        /// <param name="lines">Where batches of lines come from.</param>
        /// <param name="stats">Where rows and errors are counted.</param>
        /// <param name="active">The columns wanted.</param>
        /// <param name="wholeInOne">
        /// Whether the cursor says that all rows are of one batch, and parses a batch of lines before it shows the first.
        /// </param>
        /// <param name="close">Called when the cursor is done.</param>
        public Cursor(
            TextLoader loader,
            TextLineReader lines,
            TextParseStats stats,
            Func<int, bool> active,
            bool wholeInOne,
            Action close)
            : base(loader._host)
        {
            _loader = loader;
            _lines = lines;
            _stats = stats;
            _active = active;
            _wholeInOne = wholeInOne;
            _close = close;
            TextColumn[] wanted = [.. loader._columns.Where((_, i) => active(i))];
            int limit = wanted.SelectMany(column => column.Segments).Max(segment => (int?)segment.Lim) ?? 0;
            limit = loader._format.InputSize > 0 ? Math.Min(limit, loader._format.InputSize) : limit;
            _reader = new TextFieldReader(loader._format, stats, limit);
            _rows = new TextColumnReader[wholeInOne ? TextLineReader.LinesPerBatch : 1][];
            _rows[0] = MakeReaders();
        }

        public override DataViewSchema Schema => _loader._schema;

        public override long Batch => _ended && _batch != null ? long.MaxValue
            : _wholeInOne || _batch == null ? -1
            : _batch.Number;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter()
        {
            return (ref DataViewRowId value) =>
            {
                Ch.Check(IsGood, RowCursorUtils.FetchValueStateError);
                value = new DataViewRowId((ulong)(_batch.FirstLine + _next - 1), 0);
            };
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Ch.Check(_active(column.Index));
            var getters = new ValueGetter<TValue>[_rows.Length];
            getters[0] = MakeGetter(0) ?? throw Ch.Except(
                $"Invalid TValue in GetGetter: '{typeof(TValue)}', " +
                $"expected type: '{Schema[column.Index].Type.RawType}'.");
            return _rows.Length == 1
                ? getters[0]
                : (ref TValue value) => (getters[_row] ??= MakeGetter(_row))(ref value);

            ValueGetter<TValue> MakeGetter(int row) =>
                _rows[row][column.Index].CreateGetter(() => _hasRow) as ValueGetter<TValue>;
        }

        protected override bool MoveNextCore()
        {
            try
            {
                return Advance();
            }
            catch (Exception ex) when (_wholeInOne)
            {
                throw Ch.ExceptDecode(ex, "Parsing failed with an exception: {0}", ex.Message);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (!_disposed)
            {
                _disposed = true;
                _close();
                base.Dispose(disposing);
            }
        }

        private bool Advance()
        {
            if (_batch == null || _next == _batch.Lines.Count)
            {
                TextLineBatch batch = _lines.NextBatch();
                _hasRow = batch != null;
                if (batch == null)
                {
                    _ended = !_wholeInOne;
                    return false;
                }

                _batch = batch;
                _next = 0;
                for (int i = 0; _wholeInOne && i < batch.Lines.Count; i++)
                {
                    Parse(batch.Lines[i], i);
                }
            }

            _row = _wholeInOne ? _next : 0;
            TextLine line = _batch.Lines[_next++];
            if (!_wholeInOne)
            {
                Parse(line, 0);
            }

            return true;
        }

        private void Parse(TextLine line, int row)
        {
            _reader.Read(line, _fields);
            foreach (TextColumnReader column in _rows[row] ??= MakeReaders())
            {
                column?.Read(_fields, line.Number);
            }

            _stats.AddRow();
        }

        private TextColumnReader[] MakeReaders() => [.. _loader._columns.Select((column, i) =>
            _active(i) ? TextColumnReader.Create(column, _loader._format, _stats) : null)];
    }
}
