using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Data.IO;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Terms numbered from 1: maps values to keys.</summary>
internal abstract class TermMap
{
    private const byte TextKind = 0;
    private const byte CodecKind = 1;

    protected TermMap(PrimitiveDataViewType itemType)
    {
        ItemType = itemType;
    }

    public PrimitiveDataViewType ItemType { get; }

    public abstract int Count { get; }

    /// <summary>The type of the keys; a map without terms has keys of one value that never occurs.</summary>
    public KeyDataViewType KeyType => new(typeof(uint), Math.Max(1, Count));

    public static TermMap Create<T>(PrimitiveDataViewType itemType, T[] terms) => new TermMap<T>(itemType, terms);

    public static TermMap Load(ModelLoadContext ctx, IHostEnvironment env, ValueCodecs codecs)
    {
        var kind = ctx.Reader.ReadByte();
        if (kind == TextKind)
        {
            var count = ctx.Reader.ReadInt32();
            env.CheckDecode(count >= 0 && count <= ctx.Header.CbModel / sizeof(int));
            var texts = new ReadOnlyMemory<char>[count];
            for (var i = 0; i < count; i++)
            {
                texts[i] = ctx.LoadNonEmptyString().AsMemory();
            }

            return Create(TextDataViewType.Instance, texts);
        }

        env.CheckDecode(kind == CodecKind, "Unrecognized term map kind");
        env.CheckDecode(codecs.TryReadCodec(ctx.Reader, out var codec), "Unrecognized codec of terms");
        env.CheckDecode(codec.Type is PrimitiveDataViewType, "Terms must be primitive");
        return (TermMap)Activator.CreateInstance(typeof(TermMap<>).MakeGenericType(codec.Type.RawType), codec,
            ctx.Reader);
    }

    public void Save(ModelSaveContext ctx, IHostEnvironment env, ValueCodecs codecs)
    {
        if (ItemType is TextDataViewType)
        {
            ctx.Writer.Write(TextKind);
            ctx.Writer.Write(Count);
            SaveStrings(ctx);
            return;
        }

        env.Check(codecs.TryGetCodec(ItemType, out var codec), $"Cannot save terms of type '{ItemType}'");
        ctx.Writer.Write(CodecKind);
        codec.WriteDefinition(ctx.Writer);
        ctx.Writer.Write(Count);
        SaveValues(ctx.Writer, codec);
    }

    /// <summary>Lists the terms for people.</summary>
    public void Print(TextWriter writer)
    {
        var type = ItemType is TextDataViewType ? "" : $" of type '{ItemType}'";
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"# Number of terms{type} = {Count}"));
        var index = 0;
        foreach (var text in Texts())
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{index++}\t{text}"));
        }
    }

    /// <summary>Adds the annotation that lists the terms.</summary>
    public void AddKeyValues(DataViewSchema.Annotations.Builder builder, bool asText, DataViewSchema.Column input)
    {
        if (Count == 0)
        {
            return;
        }

        if (asText && ItemType is not TextDataViewType)
        {
            var texts = Texts().Select(text => text.AsMemory()).ToArray();
            builder.AddKeyValues(Count, TextDataViewType.Instance,
                (ref VBuffer<ReadOnlyMemory<char>> value) => value = new(texts.Length, [.. texts]));
            return;
        }

        AddTerms(builder, input);
    }

    public abstract Delegate MakeGetter(DataViewRow input, int column);

    protected abstract IEnumerable<string> Texts();

    protected abstract void SaveStrings(ModelSaveContext ctx);

    protected abstract void SaveValues(BinaryWriter writer, ValueCodec codec);

    protected abstract void AddTerms(DataViewSchema.Annotations.Builder builder, DataViewSchema.Column input);
}
