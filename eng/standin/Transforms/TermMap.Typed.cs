using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Data.IO;

namespace Microsoft.ML.Transforms;

/// <summary>Terms of one .NET type.</summary>
internal sealed class TermMap<T> : TermMap
{
    private readonly T[] _terms;
    private readonly TermRules<T> _rules;
    private readonly Dictionary<T, uint> _keys;

    public TermMap(PrimitiveDataViewType itemType, T[] terms) : base(itemType)
    {
        _terms = terms;
        _rules = TermRules.For<T>(itemType);
        _keys = new Dictionary<T, uint>(terms.Length, _rules.Equality);
        for (var i = 0; i < terms.Length; i++)
        {
            _keys.TryAdd(terms[i], (uint)i + 1);
        }
    }

    public TermMap(ValueCodec<T> codec, BinaryReader reader)
        : this((PrimitiveDataViewType)codec.Type, ReadTerms(codec, reader))
    {
    }

    public override int Count => _terms.Length;

    public override Delegate MakeGetter(DataViewRow input, int column)
    {
        if (input.Schema[column].Type is VectorDataViewType)
        {
            return MakeVectorGetter(input.GetGetter<VBuffer<T>>(input.Schema[column]));
        }

        var source = input.GetGetter<T>(input.Schema[column]);
        var value = default(T);
        return (ValueGetter<uint>)((ref uint key) =>
        {
            source(ref value);
            key = Find(value);
        });
    }

    protected override IEnumerable<string> Texts() => _terms.Select(_rules.Print);

    protected override void SaveStrings(ModelSaveContext ctx)
    {
        foreach (var text in Texts())
        {
            ctx.SaveNonEmptyString(text);
        }
    }

    protected override void SaveValues(BinaryWriter writer, ValueCodec codec)
    {
        if (_terms.Length > 0)
        {
            ((ValueCodec<T>)codec).Write(writer, _terms);
        }
    }

    protected override void AddTerms(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column input)
    {
        if (ItemType is KeyDataViewType key
            && input.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues)?.Type
                is VectorDataViewType values
            && (ulong)values.Size == key.Count)
        {
            var picker = (IKeyValuePicker)Activator.CreateInstance(
                typeof(KeyValuePicker<>).MakeGenericType(values.ItemType.RawType));
            picker.Add(builder, input, values.ItemType,
                _terms.Select(term => Convert.ToUInt64(term, CultureInfo.InvariantCulture)).ToArray());
            return;
        }

        builder.AddKeyValues(Count, ItemType,
            (ref VBuffer<T> value) => value = new VBuffer<T>(_terms.Length, [.. _terms]));
    }

    private static T[] ReadTerms(ValueCodec<T> codec, BinaryReader reader)
    {
        var count = reader.ReadInt32();
        return count == 0 ? [] : codec.Read(reader, count);
    }

    private ValueGetter<VBuffer<uint>> MakeVectorGetter(ValueGetter<VBuffer<T>> source)
    {
        var values = default(VBuffer<T>);
        var implied = Find(default);
        return (ref VBuffer<uint> keys) =>
        {
            source(ref values);
            var given = values.GetValues();
            var sparse = implied == 0 && !values.IsDense;
            var editor = VBufferEditor.Create(ref keys, values.Length, sparse ? given.Length : values.Length);
            var indices = values.GetIndices();
            if (sparse)
            {
                indices.CopyTo(editor.Indices);
            }
            else
            {
                editor.Values.Fill(implied);
            }

            for (var i = 0; i < given.Length; i++)
            {
                editor.Values[sparse || values.IsDense ? i : indices[i]] = Find(given[i]);
            }

            keys = editor.Commit();
        };
    }

    private uint Find(T value) => _keys.GetValueOrDefault(value);
}

/// <summary>Hands on the key values of a key column whose keys are terms.</summary>
internal interface IKeyValuePicker
{
    void Add(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column input, PrimitiveDataViewType type,
        ulong[] keys);
}

/// <summary>Picks key values of one .NET type.</summary>
internal sealed class KeyValuePicker<TValue> : IKeyValuePicker
{
    public void Add(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column input,
        PrimitiveDataViewType type, ulong[] keys) =>
        builder.AddKeyValues(keys.Length, type, (ref VBuffer<TValue> value) =>
        {
            var all = default(VBuffer<TValue>);
            input.GetKeyValues(ref all);
            value = new VBuffer<TValue>(keys.Length, keys.Select(key => all.GetItemOrDefault((int)key - 1)).ToArray());
        });
}
