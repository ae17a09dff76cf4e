using System.Text.Json;
using Microsoft.ML.Data;

namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>Makes schemas, without annotations, from their recorded form.</summary>
internal static class RecordedSchema
{
    private static readonly Dictionary<string, PrimitiveDataViewType> _types = new PrimitiveDataViewType[]
    {
        NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16, NumberDataViewType.UInt16,
        NumberDataViewType.Int32, NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64,
        NumberDataViewType.Single, NumberDataViewType.Double, TextDataViewType.Instance,
        BooleanDataViewType.Instance, TimeSpanDataViewType.Instance, DateTimeDataViewType.Instance,
        DateTimeOffsetDataViewType.Instance, RowIdDataViewType.Instance,
    }.ToDictionary(type => type.ToString()!);

    public static DataViewSchema Make(JsonElement columns)
    {
        var builder = new DataViewSchema.Builder();
        foreach (var column in columns.EnumerateArray())
        {
            builder.AddColumn(column.GetProperty("name").GetString(), MakeType(column.GetProperty("type")));
        }

        return builder.ToSchema();
    }

    private static DataViewType MakeType(JsonElement type)
    {
        if (type.TryGetProperty("itemType", out var item))
        {
            var dimensions = type.GetProperty("dimensions").EnumerateArray().Select(d => d.GetInt32()).ToArray();
            return new VectorDataViewType((PrimitiveDataViewType)MakeType(item), dimensions);
        }

        if (type.TryGetProperty("keyCount", out var count))
        {
            return new KeyDataViewType(_types[type.GetProperty("rawType").GetString()!].RawType, count.GetUInt64());
        }

        return _types[type.GetProperty("text").GetString()!];
    }
}
