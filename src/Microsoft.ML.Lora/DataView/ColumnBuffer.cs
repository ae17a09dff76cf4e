using Microsoft.ML.Data;

namespace Microsoft.ML.Lora.DataView;

/// <summary>Where a look-ahead cursor keeps one column of the rows it has read but not yet handed out.</summary>
internal abstract class ColumnBuffer
{
    /// <summary>Reads the source's current value into a slot.</summary>
    public abstract void Store(int slot);

    /// <summary>A getter of the value in the window's current slot.</summary>
    public abstract Delegate GetterOf(RowWindow window);

    /// <summary>A buffer for a column of any type.</summary>
    public static ColumnBuffer Create(DataViewRow source, DataViewSchema.Column column)
    {
        Type type = column.Type is VectorDataViewType vector
            ? typeof(VectorBuffer<>).MakeGenericType(vector.ItemType.RawType)
            : typeof(ScalarBuffer<>).MakeGenericType(column.Type.RawType);
        return (ColumnBuffer)Activator.CreateInstance(type, source, column)!;
    }

    /// <summary>A buffer for the row identifiers.</summary>
    public static ColumnBuffer CreateForIds(DataViewRow source) =>
        new ScalarBuffer<DataViewRowId>(source.GetIdGetter());
}

/// <summary>The values of a column whose getter fills a <typeparamref name="T"/>.</summary>
internal abstract class ColumnBuffer<T>(ValueGetter<T> source) : ColumnBuffer
{
    private T[] _values = [];

    public override void Store(int slot)
    {
        if (slot >= _values.Length)
        {
            Array.Resize(ref _values, Math.Max(slot + 1, 2 * _values.Length));
        }
        source(ref _values[slot]);
    }

    public override Delegate GetterOf(RowWindow window) =>
        (ValueGetter<T>)((ref T value) => Copy(in _values[window.CheckedSlot], ref value));

    protected abstract void Copy(in T source, ref T destination);
}

/// <summary>Values that copy by assignment.</summary>
internal sealed class ScalarBuffer<T>(ValueGetter<T> source) : ColumnBuffer<T>(source)
{
    public ScalarBuffer(DataViewRow source, DataViewSchema.Column column)
        : this(source.GetGetter<T>(column))
    {
    }

    protected override void Copy(in T source, ref T destination) => destination = source;
}

/// <summary>Vectors: copied item by item, since the reader may write into what it was given.</summary>
internal sealed class VectorBuffer<T>(DataViewRow source, DataViewSchema.Column column)
    : ColumnBuffer<VBuffer<T>>(source.GetGetter<VBuffer<T>>(column))
{
    protected override void Copy(in VBuffer<T> source, ref VBuffer<T> destination) => source.CopyTo(ref destination);
}
