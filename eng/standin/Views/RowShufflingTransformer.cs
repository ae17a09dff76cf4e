using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>
/// A view of the rows of another in random order: rows pass through a pool, and each next row is drawn from the pool.
/// </summary>
internal sealed class RowShufflingTransformer : IDataView
{
    private readonly IHost _host;
    private readonly IDataView _input;
    private readonly int _poolRows;
    private readonly bool _shuffleSource;
    private readonly int _seed;

    /// <param name="env">The environment.</param>
    /// <param name="input">The rows.</param>
    /// <param name="poolRows">The number of rows in the pool.</param>
    /// <param name="shuffleSource">Whether the input is asked to shuffle too, where it can.</param>
    /// <param name="seed">Where the random numbers start; null to draw that from the environment.</param>
    public RowShufflingTransformer(IHostEnvironment env, IDataView input, int poolRows, bool shuffleSource, int? seed)
    {
        _host = env.Register("Shuffle");
        _input = input;
        _poolRows = poolRows;
        _shuffleSource = shuffleSource;
        _seed = seed ?? _host.Rand.NextSigned();
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema => _input.Schema;

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        Func<int, bool> active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema);
        rand ??= RandomUtils.Create(_seed);
        Random sourceRandom = _shuffleSource ? RandomUtils.Create(rand) : null;
        DataViewRowCursor input = _input.GetRowCursor(columnsNeeded, sourceRandom);
        return new Cursor(_host, input, active, _poolRows, rand);
    }

    public DataViewRowCursor[] GetRowCursorSet(
        IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : LinkedRootCursorBase
    {
        // Rows are read this many at a time beyond the pool: an error shows before the rows that were read with it.
        private const int RowsAhead = 16;

        private readonly Func<int, bool> _active;
        private readonly Random _random;
        private readonly RowPool _pool;
        private readonly int _poolRows;
        private bool _ended;

        public Cursor(
            IChannelProvider provider, DataViewRowCursor input, Func<int, bool> active, int poolRows, Random random)
            : base(provider, input)
        {
            _active = active;
            _random = random;
            _poolRows = poolRows;
            _pool = new RowPool(input, active, (int)Math.Min(int.MaxValue, (long)poolRows + RowsAhead));
        }

        public override DataViewSchema Schema => Input.Schema;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => _pool.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Ch.CheckParam(_active(column.Index), nameof(column), "requested column not active");
            return TypedGetters.Check<TValue>(Ch, _pool.GetGetter(column.Index));
        }

        protected override bool MoveNextCore()
        {
            _pool.DropFirst();
            if (_pool.Count <= _poolRows)
            {
                ReadAhead();
            }

            if (_pool.Count == 0)
            {
                return false;
            }

            _pool.MoveToFirst(_random.Next(Math.Min(_pool.Count, _poolRows)));
            return true;
        }

        private void ReadAhead()
        {
            try
            {
                while (!_ended && !_pool.IsFull)
                {
                    _ended = !Input.MoveNext();
                    if (!_ended)
                    {
                        _pool.Add();
                    }
                }
            }
            catch (Exception ex)
            {
                throw Ch.Except(ex, "Shuffle input cursor reader failed with an exception");
            }
        }
    }
}
