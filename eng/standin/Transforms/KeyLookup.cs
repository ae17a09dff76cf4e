using System.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>The values of a key column, by key.</summary>
internal abstract class KeyLookup
{
    protected KeyLookup(PrimitiveDataViewType valueType)
    {
        ValueType = valueType;
    }

    public PrimitiveDataViewType ValueType { get; }

    public static KeyLookup Create(DataViewSchema.Column column, PrimitiveDataViewType valueType)
    {
        var keyType = column.Type.GetItemType().RawType;
        return (KeyLookup)Activator.CreateInstance(
            typeof(KeyLookup<,>).MakeGenericType(keyType, valueType.RawType), column, valueType);
    }

    public abstract Delegate MakeGetter(DataViewRow input, int column);
}

/// <summary>Maps keys of one .NET type to values of another.</summary>
internal sealed class KeyLookup<TKey, TValue> : KeyLookup
    where TKey : unmanaged, IBinaryInteger<TKey>
{
    private readonly TValue[] _values;
    private readonly TValue _missing = MissingValues.Of<TValue>();

    public KeyLookup(DataViewSchema.Column column, PrimitiveDataViewType valueType) : base(valueType)
    {
        var values = default(VBuffer<TValue>);
        column.GetKeyValues(ref values);
        _values = values.DenseValues().ToArray();
    }

    public override Delegate MakeGetter(DataViewRow input, int column) =>
        input.Schema[column].Type is VectorDataViewType
            ? MakeVectorGetter(input.GetGetter<VBuffer<TKey>>(input.Schema[column]))
            : MakeScalarGetter(input.GetGetter<TKey>(input.Schema[column]));

    private ValueGetter<TValue> MakeScalarGetter(ValueGetter<TKey> source)
    {
        var key = default(TKey);
        return (ref TValue value) =>
        {
            source(ref key);
            value = Find(key);
        };
    }

    private ValueGetter<VBuffer<TValue>> MakeVectorGetter(ValueGetter<VBuffer<TKey>> source)
    {
        var keys = default(VBuffer<TKey>);
        var staysSparse = EqualityComparer<TValue>.Default.Equals(_missing, default);
        return (ref VBuffer<TValue> value) =>
        {
            source(ref keys);
            var given = keys.GetValues();
            var sparse = staysSparse && !keys.IsDense;
            var editor = VBufferEditor.Create(ref value, keys.Length, sparse ? given.Length : keys.Length);
            var indices = keys.GetIndices();
            if (sparse)
            {
                indices.CopyTo(editor.Indices);
            }
            else
            {
                editor.Values.Fill(_missing);
            }

            for (var i = 0; i < given.Length; i++)
            {
                editor.Values[sparse || keys.IsDense ? i : indices[i]] = Find(given[i]);
            }

            value = editor.Commit();
        };
    }

    private TValue Find(TKey key)
    {
        var index = ulong.CreateTruncating(key);
        return index - 1 < (ulong)_values.Length ? _values[index - 1] : _missing;
    }
}

/// <summary>What stands for a missing value.</summary>
internal static class MissingValues
{
    public static T Of<T>() =>
        typeof(T) == typeof(float) ? (T)(object)float.NaN
        : typeof(T) == typeof(double) ? (T)(object)double.NaN
        : default;
}
