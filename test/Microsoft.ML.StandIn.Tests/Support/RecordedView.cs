using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.ML.Data;

namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>A view of recorded rows under a schema.</summary>
internal sealed class RecordedView(DataViewSchema schema, JsonElement rows) : IDataView
{
    public DataViewSchema Schema => schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => rows.GetArrayLength();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(schema, rows);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n,
        Random? rand = null) =>
        [GetRowCursor(columnsNeeded)];

    private sealed class Cursor(DataViewSchema schema, JsonElement rows) : DataViewRowCursor
    {
        private long _position = -1;

        public override long Position => _position;

        public override long Batch => 0;

        public override DataViewSchema Schema => schema;

        public override ValueGetter<DataViewRowId> GetIdGetter() =>
            (ref DataViewRowId value) => value = new DataViewRowId((ulong)_position, 0);

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            (ref TValue value) =>
                value = (TValue)RecordedValue.Read(rows[(int)_position][column.Index], typeof(TValue));

        public override bool MoveNext() => ++_position < rows.GetArrayLength();
    }
}

/// <summary>Turns recorded values back into values of columns.</summary>
internal static class RecordedValue
{
    public static object Read(JsonElement value, Type type)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(VBuffer<>))
        {
            return typeof(RecordedValue).GetMethod(nameof(ReadVector), BindingFlags.Static | BindingFlags.NonPublic)!
                .MakeGenericMethod(type.GetGenericArguments()[0])
                .Invoke(null, [value])!;
        }

        if (type == typeof(bool))
        {
            return value.GetBoolean();
        }

        var text = value.ValueKind == JsonValueKind.Number ? value.GetRawText() : value.GetString() ?? "";
        return type == typeof(ReadOnlyMemory<char>) ? text.AsMemory()
            : type == typeof(TimeSpan) ? TimeSpan.Parse(text, CultureInfo.InvariantCulture)
            : type == typeof(DateTimeOffset) ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture)
            : type == typeof(DateTime) ? DateTime.Parse(text, CultureInfo.InvariantCulture)
            : type == typeof(DataViewRowId) ? ReadId(text)
            : Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
    }

    private static DataViewRowId ReadId(string text) =>
        new(ulong.Parse(text[16..], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            ulong.Parse(text[..16], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static VBuffer<T> ReadVector<T>(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            var dense = value.EnumerateArray().Select(item => (T)Read(item, typeof(T))).ToArray();
            return new VBuffer<T>(dense.Length, dense);
        }

        var values = value.GetProperty("values").EnumerateArray().Select(item => (T)Read(item, typeof(T))).ToArray();
        var indices = value.GetProperty("indices").EnumerateArray().Select(item => item.GetInt32()).ToArray();
        return new VBuffer<T>(value.GetProperty("length").GetInt32(), values.Length, values, indices);
    }
}
