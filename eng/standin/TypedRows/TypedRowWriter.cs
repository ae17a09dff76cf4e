using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Fills objects of a user's class from rows.</summary>
internal sealed class TypedRowWriter<TRow>
    where TRow : class
{
    private readonly Action<TRow>[] _setters;

    private TypedRowWriter(Action<TRow>[] setters)
    {
        _setters = setters;
    }

    /// <summary>The columns that the members need, where the schema has them; checked for name and type.</summary>
    public static TypedColumn[] Bind(IExceptionContext context, DataViewSchema schema, bool ignoreMissingColumns,
        SchemaDefinition definition)
    {
        var found = new List<TypedColumn>();
        foreach (var column in TypedSchema.CreateForOutput(typeof(TRow), schema, definition).Columns)
        {
            if (schema.GetColumnOrNull(column.ColumnName) is not { } source)
            {
                if (ignoreMissingColumns)
                {
                    continue;
                }

                throw context.ExceptSchemaMismatch("Schema", "", column.ColumnName);
            }

            context.Check(IsCompatible(source.Type, column.Member.Type),
                $"Can't bind the IDataView column '{column.ColumnName}' of type '{source.Type}' to field or property " +
                $"'{column.Member.Member.Name}' of type '{column.Member.Type.FullName}'.");
            found.Add(column);
        }

        return [.. found];
    }

    public static TypedRowWriter<TRow> Create(DataViewRow row, TypedColumn[] columns) =>
        new(columns.Select(column => MakeSetter(row, column)).ToArray());

    /// <summary>Sets the members from the row as it stands.</summary>
    public void Fill(TRow target)
    {
        foreach (var set in _setters)
        {
            set(target);
        }
    }

    private static bool IsCompatible(DataViewType columnType, Type memberType) =>
        MemberTypes.TryGetItemType(memberType, out var itemType, out var isVector)
        && isVector == columnType is VectorDataViewType
        && itemType.RawType == columnType.GetItemType().RawType;

    private static Action<TRow> MakeSetter(DataViewRow row, TypedColumn column)
    {
        var source = row.Schema[column.ColumnName];
        var type = column.Member.Type;
        if (type == typeof(string))
        {
            return MakeTextSetter(row.GetGetter<ReadOnlyMemory<char>>(source), column.Member);
        }

        if (type == typeof(string[]))
        {
            return MakeTextsSetter(row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(source), column.Member);
        }

        var name = type.IsArray ? nameof(MakeArraySetter)
            : source.Type is VectorDataViewType ? nameof(MakeVectorSetter)
            : nameof(MakeScalarSetter);
        return (Action<TRow>)typeof(TypedRowWriter<TRow>)
            .GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)
            .MakeGenericMethod(source.Type.GetItemType().RawType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [row, source, column.Member], null);
    }

    private static Action<TRow> MakeTextSetter(ValueGetter<ReadOnlyMemory<char>> getter, UserMember member)
    {
        var write = MemberAccess<TRow>.Writer<string>(member);
        var value = default(ReadOnlyMemory<char>);
        return target =>
        {
            getter(ref value);
            write(target, value.ToString());
        };
    }

    private static Action<TRow> MakeTextsSetter(ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter, UserMember member)
    {
        var write = MemberAccess<TRow>.Writer<string[]>(member);
        var value = default(VBuffer<ReadOnlyMemory<char>>);
        return target =>
        {
            getter(ref value);
            write(target, value.DenseValues().Select(text => text.ToString()).ToArray());
        };
    }

    private static Action<TRow> MakeArraySetter<T>(DataViewRow row, DataViewSchema.Column source, UserMember member)
    {
        var getter = row.GetGetter<VBuffer<T>>(source);
        var read = MemberAccess<TRow>.Reader<T[]>(member);
        var write = MemberAccess<TRow>.Writer<T[]>(member);
        var value = default(VBuffer<T>);
        return target =>
        {
            getter(ref value);
            var array = read(target);
            if ((array?.Length ?? 0) != value.Length)
            {
                array = new T[value.Length];
                write(target, array);
            }

            value.CopyTo(array);
        };
    }

    private static Action<TRow> MakeVectorSetter<T>(DataViewRow row, DataViewSchema.Column source, UserMember member)
    {
        var getter = row.GetGetter<VBuffer<T>>(source);
        var read = MemberAccess<TRow>.Reader<VBuffer<T>>(member);
        var write = MemberAccess<TRow>.Writer<VBuffer<T>>(member);
        return target =>
        {
            var value = read(target);
            getter(ref value);
            write(target, value);
        };
    }

    private static Action<TRow> MakeScalarSetter<T>(DataViewRow row, DataViewSchema.Column source, UserMember member)
    {
        var getter = row.GetGetter<T>(source);
        var write = MemberAccess<TRow>.Writer<T>(member);
        return target =>
        {
            T value = default;
            getter(ref value);
            write(target, value);
        };
    }
}
