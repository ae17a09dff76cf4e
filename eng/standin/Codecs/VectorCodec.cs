using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data.IO;

/// <summary>Vectors: lengths, counts of explicit values, indices, and one block of all values.</summary>
internal sealed class VectorCodec<T> : ValueCodec<VBuffer<T>>
{
    public const string LoadName = "VBuffer";

    private const int Dense = -1;

    private readonly ValueCodec<T> _items;

    public VectorCodec(VectorDataViewType type, ValueCodec<T> items) : base(LoadName, type)
    {
        _items = items;
    }

    private int FixedSize => ((VectorDataViewType)Type).Size;

    public override void Write(BinaryWriter writer, ReadOnlySpan<VBuffer<T>> values)
    {
        writer.Write(values.Length);
        var common = CommonLength(values);
        writer.Write(common);
        if (common == 0 && FixedSize == 0)
        {
            foreach (var value in values)
            {
                writer.Write(value.Length);
            }
        }

        var indices = 0;
        foreach (var value in values)
        {
            writer.Write(value.IsDense ? Dense : value.GetValues().Length);
            indices += value.GetIndices().Length;
        }

        writer.Write(indices);
        var all = new List<T>();
        foreach (var value in values)
        {
            foreach (var index in value.GetIndices())
            {
                writer.Write(index);
            }

            all.AddRange(value.GetValues());
        }

        _items.Write(writer, all.ToArray());
    }

    public override VBuffer<T>[] Read(BinaryReader reader, int count)
    {
        Contracts.CheckDecode(reader.ReadInt32() == count, "Unexpected number of vectors");
        var common = reader.ReadInt32();
        Contracts.CheckDecode(common >= 0 && (FixedSize == 0 || common == FixedSize), "Unexpected vector length");
        var lengths = Enumerable.Repeat(common, count).ToArray();
        if (common == 0 && FixedSize == 0)
        {
            lengths = ReadIntegers(reader, count);
        }

        var counts = ReadIntegers(reader, count);
        var indices = ReadIntegers(reader, reader.ReadInt32());
        var total = 0L;
        for (var i = 0; i < count; i++)
        {
            Contracts.CheckDecode(lengths[i] >= 0 && counts[i] >= Dense && counts[i] <= lengths[i],
                "Corrupt vector lengths");
            total += counts[i] == Dense ? lengths[i] : counts[i];
        }

        CheckRoom(reader, (total + 7) / 8, 1);
        return Divide(lengths, counts, indices, _items.Read(reader, checked((int)total)));
    }

    protected override void WriteParameters(BinaryWriter writer)
    {
        _items.WriteDefinition(writer);
        var dimensions = ((VectorDataViewType)Type).Dimensions;
        writer.Write(dimensions.Length);
        foreach (var dimension in dimensions)
        {
            writer.Write(dimension);
        }
    }

    private static VBuffer<T>[] Divide(int[] lengths, int[] counts, int[] indices, T[] all)
    {
        var values = new VBuffer<T>[lengths.Length];
        var valueStart = 0;
        var indexStart = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var held = counts[i] == Dense ? lengths[i] : counts[i];
            var own = all.AsSpan(valueStart, held).ToArray();
            valueStart += held;
            if (counts[i] == Dense)
            {
                values[i] = new VBuffer<T>(lengths[i], own);
                continue;
            }

            Contracts.CheckDecode(indexStart + held <= indices.Length, "Too few vector indices");
            values[i] = new VBuffer<T>(lengths[i], held, own, indices.AsSpan(indexStart, held).ToArray());
            indexStart += held;
        }

        return values;
    }

    private static int[] ReadIntegers(BinaryReader reader, int count)
    {
        CheckRoom(reader, count, sizeof(int));
        var values = new int[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = reader.ReadInt32();
        }

        return values;
    }

    private int CommonLength(ReadOnlySpan<VBuffer<T>> values)
    {
        if (FixedSize > 0)
        {
            return FixedSize;
        }

        var length = values.Length > 0 ? values[0].Length : 0;
        foreach (var value in values)
        {
            if (value.Length != length)
            {
                return 0;
            }
        }

        return length;
    }
}
