using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

public sealed partial class TextLoader
{
    /// <summary>The rows of some files.</summary>
    private sealed class BoundLoader : IParallelView
    {
        private const int FewestRowsForThreads = 128;

        private readonly TextLoader _loader;
        private readonly IMultiStreamSource _files;

        public BoundLoader(TextLoader loader, IMultiStreamSource files)
        {
            _loader = loader;
            _files = files;
        }

        public bool CanShuffle => false;

        public DataViewSchema Schema => _loader._schema;

        public long? GetRowCount() => null;

        public bool IsReadInParallel(Func<int, bool> active) => true;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
        {
            bool wholeInOne = _loader._useThreads && _loader._format.MaxRows >= FewestRowsForThreads;
            return Create(columnsNeeded, 1, wholeInOne)[0];
        }

        public DataViewRowCursor[] GetRowCursorSet(
            IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
        {
            int count = n < 1 && !_loader._useThreads ? 1 : ParallelCursors.Limit(n);
            long batches = Math.Max(1, _loader._format.MaxRows / TextLineReader.LinesPerBatch);
            return Create(columnsNeeded, (int)Math.Min(count, batches), false);
        }

        private DataViewRowCursor[] Create(IEnumerable<DataViewSchema.Column> columnsNeeded, int count, bool wholeInOne)
        {
            var wanted = new HashSet<int>();
            foreach (DataViewSchema.Column column in columnsNeeded)
            {
                wanted.Add(column.Index);
            }

            var lines = new TextLineReader(_files, _loader._format);
            var stats = new TextParseStats(_loader._host, count);
            var cursors = new DataViewRowCursor[count];
            int open = count;
            for (int i = 0; i < count; i++)
            {
                cursors[i] = new Cursor(_loader, lines, stats, wanted.Contains, wholeInOne, CloseOne);
            }

            return cursors;

            void CloseOne()
            {
                stats.Dispose();
                if (Interlocked.Decrement(ref open) == 0)
                {
                    lines.Dispose();
                }
            }
        }
    }
}
