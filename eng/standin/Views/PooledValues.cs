using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Copies of one column's values, in numbered slots.</summary>
internal abstract class PooledValues
{
    /// <summary>Copies the value of the row as it stands into a slot.</summary>
    public abstract void Store(int slot);

    /// <summary>Makes a getter of the value in a slot.</summary>
    /// <param name="slot">The slot to read.</param>
    /// <param name="check">Throws when there is nothing to read; null where there always is something.</param>
    public abstract Delegate MakeGetter(Func<int> slot, Action check = null);

    /// <summary>Makes the slots of a column.</summary>
    public static PooledValues Create(DataViewRow row, DataViewSchema.Column column)
    {
        bool isVector = column.Type is VectorDataViewType;
        return (PooledValues)typeof(PooledValues)
            .GetMethod(isVector ? nameof(OfVectors) : nameof(OfScalars), BindingFlags.Static | BindingFlags.NonPublic)
            .MakeGenericMethod(column.Type.GetItemType().RawType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [row, column], null);
    }

    private static PooledValues<T> OfScalars<T>(DataViewRow row, DataViewSchema.Column column) =>
        new(row.GetGetter<T>(column));

    private static PooledValues<VBuffer<T>> OfVectors<T>(DataViewRow row, DataViewSchema.Column column) =>
        new(row.GetGetter<VBuffer<T>>(column), (in VBuffer<T> from, ref VBuffer<T> to) => from.CopyTo(ref to));
}

/// <summary>Copies of one column's values of a type.</summary>
internal sealed class PooledValues<T> : PooledValues
{
    private readonly ValueGetter<T> _source;
    private readonly Copier _copy;
    private T[] _values = new T[16];

    /// <param name="source">Gives the value to copy.</param>
    /// <param name="copy">How a value is handed out; null where assignment does.</param>
    public PooledValues(ValueGetter<T> source, Copier copy = null)
    {
        _source = source;
        _copy = copy;
    }

    /// <summary>Hands out a value without sharing its memory.</summary>
    public delegate void Copier(in T from, ref T to);

    public override void Store(int slot)
    {
        if (slot >= _values.Length)
        {
            Array.Resize(ref _values, Math.Max(slot + 1, _values.Length * 2));
        }

        _source(ref _values[slot]);
    }

    public override Delegate MakeGetter(Func<int> slot, Action check = null)
    {
        return (ValueGetter<T>)((ref T value) =>
        {
            check?.Invoke();
            if (_copy == null)
            {
                value = _values[slot()];
            }
            else
            {
                _copy(in _values[slot()], ref value);
            }
        });
    }
}
