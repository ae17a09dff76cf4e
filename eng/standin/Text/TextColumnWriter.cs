using System.Globalization;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Writes one column's values and names into lines.</summary>
internal abstract class TextColumnWriter
{
    protected TextColumnWriter(DataViewSchema.Column column, char separator)
    {
        Name = column.Name;
        Separator = separator;
        VectorDataViewType vector = column.Type as VectorDataViewType;
        IsVector = vector != null;
        Size = vector == null ? 1 : vector.Size > 0 ? vector.Size : null;
        DataViewType item = column.Type.GetItemType();
        Slots = Names(column);
        HasNames = !IsVector || Slots.Any(name => name.Length > 0);
        DataKind kind = Enum.GetValues<DataKind>().First(kind => TextColumn.ItemType(kind).RawType == item.RawType);
        TypeName = EmbeddedTextOptions.KindName(kind);
        if (item is KeyDataViewType key)
        {
            TypeName += string.Create(CultureInfo.InvariantCulture, $"[{key.Count}]");
        }
    }

    public string Name { get; }

    /// <summary>The short name of the item type.</summary>
    public string TypeName { get; }

    public bool IsVector { get; }

    /// <summary>The number of slots, or null when it varies.</summary>
    public int? Size { get; }

    /// <summary>Whether the column has something to say in the header.</summary>
    public bool HasNames { get; }

    protected char Separator { get; }

    private string[] Slots { get; }

    public abstract void WriteRow(TextLineWriter line);

    public void WriteHeader(TextLineWriter line)
    {
        line.BeginColumn();
        foreach (string name in Slots)
        {
            line.Add(TextValueFormat.Quote(name, Separator), name.Length == 0);
        }
    }

    /// <summary>Makes the writer of a column.</summary>
    public static TextColumnWriter Create(
        IExceptionContext context, DataViewRow row, DataViewSchema.Column column, char separator)
    {
        Type item = column.Type.GetItemType().RawType;
        if (item == typeof(DataViewRowId) || !column.Type.GetItemType().IsStandardScalar()
            && column.Type.GetItemType() is not KeyDataViewType)
        {
            throw context.Except($"Column '{column.Name}' of type '{column.Type}' cannot be saved as text");
        }

        Type type = (column.Type is VectorDataViewType ? typeof(TextVectorWriter<>) : typeof(TextScalarWriter<>))
            .MakeGenericType(item);
        return (TextColumnWriter)Activator.CreateInstance(type, row, column, separator);
    }

    private string[] Names(DataViewSchema.Column column)
    {
        if (!IsVector)
        {
            return [column.Name];
        }

        if (Size is not int size)
        {
            return [];
        }

        if (!column.HasSlotNames(size))
        {
            return [.. Enumerable.Repeat("", size)];
        }

        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }
}

/// <summary>Writes a column of single values.</summary>
internal sealed class TextScalarWriter<T> : TextColumnWriter
{
    private readonly ValueGetter<T> _getter;
    private readonly TextValueFormat<T> _format;

    public TextScalarWriter(DataViewRow row, DataViewSchema.Column column, char separator)
        : base(column, separator)
    {
        _getter = row.GetGetter<T>(column);
        _format = new TextValueFormat<T>(column.Type is KeyDataViewType, separator);
    }

    public override void WriteRow(TextLineWriter line)
    {
        T value = default;
        _getter(ref value);
        line.BeginColumn();
        line.Add(_format.Format(value), _format.IsDefault(value));
    }
}

/// <summary>Writes a column of vectors.</summary>
internal sealed class TextVectorWriter<T> : TextColumnWriter
{
    private readonly ValueGetter<VBuffer<T>> _getter;
    private readonly TextValueFormat<T> _format;
    private readonly string _default;
    private VBuffer<T> _value;

    public TextVectorWriter(DataViewRow row, DataViewSchema.Column column, char separator)
        : base(column, separator)
    {
        _getter = row.GetGetter<VBuffer<T>>(column);
        _format = new TextValueFormat<T>(column.Type.GetItemType() is KeyDataViewType, separator);
        _default = _format.Format(default);
    }

    public override void WriteRow(TextLineWriter line)
    {
        _getter(ref _value);
        line.BeginColumn();
        int next = 0;
        foreach ((int index, T value) in _value.Items())
        {
            for (; next < index; next++)
            {
                line.Add(_default, true);
            }

            line.Add(_format.Format(value), _format.IsDefault(value));
            next++;
        }

        for (; next < _value.Length; next++)
        {
            line.Add(_default, true);
        }
    }
}
