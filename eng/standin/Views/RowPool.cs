using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>A queue of copied rows of a cursor whose first row can be exchanged for any other.</summary>
internal sealed class RowPool
{
    private const int SmallestSize = 16;

    private readonly PooledValues[] _columns;
    private readonly PooledValues<DataViewRowId> _ids;
    private readonly int _limit;
    private int[] _slots;
    private int _first;
    private bool _hasFirst;
    private int _current;

    /// <param name="row">The cursor.</param>
    /// <param name="active">The columns to copy.</param>
    /// <param name="limit">The most rows.</param>
    public RowPool(DataViewRow row, Func<int, bool> active, int limit)
    {
        _limit = limit;
        _slots = [.. Enumerable.Range(0, Math.Min(limit, SmallestSize))];
        _ids = new PooledValues<DataViewRowId>(row.GetIdGetter());
        _columns = new PooledValues[row.Schema.Count];
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i] = active(i) ? PooledValues.Create(row, row.Schema[i]) : null;
        }
    }

    public int Count { get; private set; }

    public bool IsFull => Count == _limit;

    /// <summary>Copies the cursor's row behind the last.</summary>
    public void Add()
    {
        if (Count == _slots.Length)
        {
            Grow();
        }

        // The array holds every slot once: those in use in order, then free ones.
        int slot = _slots[(_first + Count) % _slots.Length];
        _ids.Store(slot);
        foreach (PooledValues column in _columns)
        {
            column?.Store(slot);
        }

        Count++;
    }

    /// <summary>Lets go of the row that was made the first.</summary>
    public void DropFirst()
    {
        if (_hasFirst)
        {
            _first = (_first + 1) % _slots.Length;
            Count--;
            _hasFirst = false;
        }
    }

    /// <summary>Exchanges a row for the first.</summary>
    public void MoveToFirst(int index)
    {
        int other = (_first + index) % _slots.Length;
        (_slots[_first], _slots[other]) = (_slots[other], _slots[_first]);
        _hasFirst = true;
        _current = _slots[_first];
    }

    /// <summary>
    /// Gets the identifier of the row made the first; before there is one nothing, after the last that one's.
    /// </summary>
    public ValueGetter<DataViewRowId> GetIdGetter() => (ValueGetter<DataViewRowId>)_ids.MakeGetter(() => _current);

    /// <summary>Gets a value of that row.</summary>
    public Delegate GetGetter(int column) => _columns[column].MakeGetter(() => _current);

    private void Grow()
    {
        var slots = new int[(int)Math.Min(_limit, 2L * _slots.Length)];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = i < Count ? _slots[(_first + i) % _slots.Length] : i;
        }

        _slots = slots;
        _first = 0;
    }
}
