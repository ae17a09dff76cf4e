using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>
/// A view with a number in [0, 1] added that is the same wherever a column has the same value: numbers are scaled from
/// their smallest to their largest, keys are spread evenly, everything else is hashed. Not a number where it is
/// missing.
/// </summary>
internal sealed class SamplingKeyTransform : IParallelView
{
    private readonly IHost _host;
    private readonly IDataView _input;
    private readonly DataViewSchema.Column _key;
    private readonly Func<DataViewRow, Func<double>> _number;

    public SamplingKeyTransform(
        IHostEnvironment env, IDataView input, DataViewSchema.Column key, string name, uint seed)
    {
        _host = env.Register(nameof(SamplingKeyTransform));
        if (key.Type is KeyDataViewType || SamplingHash.IsConverted(key.Type))
        {
            // ML.NET has one transform more for these; each takes a seed from the environment.
            env.Register("Convert");
        }

        _input = input;
        _key = key;
        _number = MakeNumber(seed);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input.Schema);
        builder.AddColumn(name, NumberDataViewType.Double);
        Schema = builder.ToSchema();
    }

    public bool CanShuffle => _input.CanShuffle;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        Func<int, bool> active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema);
        return IsReadInParallel(active)
            ? ParallelCursors.Open(_host, this, columnsNeeded, rand)
            : new Cursor(this, _input.GetRowCursor(Inputs(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(
        IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        Func<int, bool> active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, Schema);
        DataViewRowCursor[] cursors = _input.GetRowCursorSet(Inputs(active), n, rand);
        if (cursors.Length == 1 && n > 1 && active(_input.Schema.Count))
        {
            cursors = CursorSplitter.Split(_host, cursors[0], n);
        }

        return [.. cursors.Select(cursor => new Cursor(this, cursor, active))];
    }

    public bool IsReadInParallel(Func<int, bool> active) =>
        active(_input.Schema.Count) || ParallelCursors.Wants(_input, active);

    private DataViewSchema.Column[] Inputs(Func<int, bool> active) =>
        [.. _input.Schema.Where(column => active(column.Index)
            || (column.Index == _key.Index && active(_input.Schema.Count)))];

    private Func<DataViewRow, Func<double>> MakeNumber(uint seed)
    {
        if (_key.Type is KeyDataViewType key)
        {
            double count = key.Count;
            return row =>
            {
                Func<ulong> getKey = KeyNumbers.Getter(row, _key);
                return () => getKey() is ulong value && value == 0 ? double.NaN : (value - 0.5) / count;
            };
        }

        return _key.Type.RawType == typeof(float) ? Scaled<float>((value, min, max) => (value - min) / (max - min))
            : _key.Type.RawType == typeof(double) ? Scaled<double>((value, min, max) => (value - min) / (max - min))
            : row => SamplingHash.MakeReader(row, _key, seed);
    }

    private Func<DataViewRow, Func<double>> Scaled<T>(Func<T, T, T, T> scale)
        where T : struct, System.Numerics.IFloatingPointIeee754<T>
    {
        (T min, T max) = Extent<T>();
        return row =>
        {
            ValueGetter<T> getter = row.GetGetter<T>(_key);
            T value = default;
            return () =>
            {
                getter(ref value);
                return min == max ? 0 : double.CreateChecked(scale(value, min, max));
            };
        };
    }

    private (T Min, T Max) Extent<T>()
        where T : struct, System.Numerics.IFloatingPointIeee754<T>
    {
        using DataViewRowCursor cursor = _input.GetRowCursor([_key]);
        ValueGetter<T> getter = cursor.GetGetter<T>(_key);
        T min = T.PositiveInfinity;
        T max = T.NegativeInfinity;
        T value = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            min = value < min ? value : min;
            max = value > max ? value : max;
        }

        return (min, max);
    }

    private sealed class Cursor : SynchronizedCursorBase
    {
        private readonly SamplingKeyTransform _parent;
        private readonly Func<int, bool> _active;

        public Cursor(SamplingKeyTransform parent, DataViewRowCursor input, Func<int, bool> active)
            : base(parent._host, input)
        {
            _parent = parent;
            _active = active;
        }

        public override DataViewSchema Schema => _parent.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Ch.CheckParam(_active(column.Index), nameof(column), "requested column not active");
            if (column.Index < Input.Schema.Count)
            {
                return Input.GetGetter<TValue>(Input.Schema[column.Index]);
            }

            Func<double> number = _parent._number(Input);
            ValueGetter<double> getter = (ref double value) => value = number();
            return TypedGetters.Check<TValue>(Ch, getter, column);
        }
    }
}
