using System.Collections.Immutable;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data.IO;

/// <summary>Finds the codec of a type, and the codec that a definition names.</summary>
internal sealed class ValueCodecs
{
    private readonly IHost _host;
    private readonly Dictionary<string, ValueCodec> _byName;
    private readonly Dictionary<Type, ValueCodec> _byType;

    public ValueCodecs(IHostEnvironment env)
    {
        _host = env.Register("CodecFactory");
        ValueCodec[] simple =
        [
            new PackedCodec<sbyte>("SByte", NumberDataViewType.SByte),
            new PackedCodec<byte>("Byte", NumberDataViewType.Byte),
            new PackedCodec<short>("Int16", NumberDataViewType.Int16),
            new PackedCodec<ushort>("UInt16", NumberDataViewType.UInt16),
            new PackedCodec<int>("Int32", NumberDataViewType.Int32),
            new PackedCodec<uint>("UInt32", NumberDataViewType.UInt32),
            new PackedCodec<long>("Int64", NumberDataViewType.Int64),
            new PackedCodec<ulong>("UInt64", NumberDataViewType.UInt64),
            new PackedCodec<float>("Single", NumberDataViewType.Single),
            new PackedCodec<double>("Double", NumberDataViewType.Double),
            new PackedCodec<DataViewRowId>("DataViewRowId", RowIdDataViewType.Instance),
            new ConvertedCodec<TimeSpan, long>("TimeSpan", TimeSpanDataViewType.Instance,
                value => value.Ticks, ticks => new TimeSpan(ticks)),
            new ConvertedCodec<DateTime, long>("DateTime", DateTimeDataViewType.Instance,
                value => value.Ticks, ticks => new DateTime(ticks)),
            new BooleanCodec(), new DateTimeOffsetCodec(), new TextCodec(),
        ];
        _byName = simple.ToDictionary(codec => codec.Name);
        _byType = simple.ToDictionary(codec => codec.Type.RawType);
    }

    /// <summary>The codec of a type; false for types that files cannot hold.</summary>
    public bool TryGetCodec(DataViewType type, out ValueCodec codec)
    {
        codec = type switch
        {
            VectorDataViewType vector when TryGetCodec(vector.ItemType, out var items) =>
                Make(typeof(VectorCodec<>), vector.ItemType.RawType, vector, items),
            KeyDataViewType key => Make(typeof(KeyCodec<>), key.RawType, key, _byType[key.RawType]),
            PrimitiveDataViewType primitive when primitive.IsStandardScalar() => _byType[primitive.RawType],
            _ => null,
        };
        return codec != null;
    }

    /// <summary>Reads a definition; false when it names an unknown codec (its parameters are skipped).</summary>
    public bool TryReadCodec(BinaryReader reader, out ValueCodec codec)
    {
        using var channel = _host.Start("TryGetCodec");
        var name = reader.ReadString();
        var length = reader.Read7BitEncodedInt();
        var end = reader.BaseStream.Position + length;
        _host.CheckDecode(length >= 0 && end <= reader.BaseStream.Length, "Corrupt codec definition");
        codec = name switch
        {
            KeyCodec<uint>.LoadName => ReadKey(reader),
            VectorCodec<uint>.LoadName => ReadVector(reader),
            _ => _byName.GetValueOrDefault(name),
        };
        if (codec == null)
        {
            reader.BaseStream.Position = end;
            return false;
        }

        _host.CheckDecode(reader.BaseStream.Position == end, "Corrupt codec definition");
        return true;
    }

    private static ValueCodec Make(Type codec, Type item, DataViewType type, ValueCodec inner) =>
        (ValueCodec)Activator.CreateInstance(codec.MakeGenericType(item), type, inner);

    private ValueCodec ReadKey(BinaryReader reader)
    {
        if (!TryReadCodec(reader, out var raw) || !KeyDataViewType.IsValidDataType(raw.Type.RawType))
        {
            return null;
        }

        var type = new KeyDataViewType(raw.Type.RawType, reader.ReadUInt64());
        return Make(typeof(KeyCodec<>), type.RawType, type, raw);
    }

    private ValueCodec ReadVector(BinaryReader reader)
    {
        if (!TryReadCodec(reader, out var items) || items.Type is not PrimitiveDataViewType itemType)
        {
            return null;
        }

        var rank = reader.ReadInt32();
        _host.CheckDecode(rank is > 0 and < 1 << 10, "Corrupt vector dimensions");
        var dimensions = ImmutableArray.CreateBuilder<int>(rank);
        for (var i = 0; i < rank; i++)
        {
            dimensions.Add(reader.ReadInt32());
        }

        var type = new VectorDataViewType(itemType, dimensions.MoveToImmutable());
        return Make(typeof(VectorCodec<>), itemType.RawType, type, items);
    }
}
