using System.Reflection;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Enumerables;

/// <summary>Rows become objects as recorded, for every pair of column and member type.</summary>
public sealed class CreateEnumerableTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, object> _columns = new()
    {
        ["Boolean"] = new Holder<bool> { Value = true },
        ["Byte"] = new Holder<byte> { Value = 7 },
        ["SByte"] = new Holder<sbyte> { Value = 7 },
        ["Int16"] = new Holder<short> { Value = 7 },
        ["UInt16"] = new Holder<ushort> { Value = 7 },
        ["Int32"] = new Holder<int> { Value = 7 },
        ["UInt32"] = new Holder<uint> { Value = 7 },
        ["Int64"] = new Holder<long> { Value = 7 },
        ["UInt64"] = new Holder<ulong> { Value = 7 },
        ["Single"] = new Holder<float> { Value = 1.5f },
        ["Double"] = new Holder<double> { Value = 1.5 },
        ["Text"] = new Holder<string> { Value = "abc" },
        ["DateTime"] = new Holder<DateTime> { Value = new DateTime(2024, 1, 1) },
        ["DateTimeOffset"] = new Holder<DateTimeOffset>
        {
            Value = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero),
        },
        ["TimeSpan"] = new Holder<TimeSpan> { Value = TimeSpan.FromSeconds(1) },
        ["RowId"] = new Holder<DataViewRowId> { Value = new DataViewRowId(1, 2) },
        ["Vector<Single>"] = new Holder<float[]> { Value = [1, 2] },
        ["Vector<Text>"] = new Holder<string[]> { Value = ["a", "b"] },
        ["Key<UInt32,5>"] = new UIntKey { Value = 2 },
        ["Key<UInt8,5>"] = new ByteKey { Value = 2 },
    };

    private static readonly Dictionary<string, Type> _members = new()
    {
        ["bool"] = typeof(bool),
        ["bool?"] = typeof(bool?),
        ["byte"] = typeof(byte),
        ["sbyte"] = typeof(sbyte),
        ["short"] = typeof(short),
        ["ushort"] = typeof(ushort),
        ["int"] = typeof(int),
        ["int?"] = typeof(int?),
        ["uint"] = typeof(uint),
        ["long"] = typeof(long),
        ["ulong"] = typeof(ulong),
        ["float"] = typeof(float),
        ["float?"] = typeof(float?),
        ["double"] = typeof(double),
        ["string"] = typeof(string),
        ["ReadOnlyMemory<char>"] = typeof(ReadOnlyMemory<char>),
        ["DateTime"] = typeof(DateTime),
        ["DateTimeOffset"] = typeof(DateTimeOffset),
        ["TimeSpan"] = typeof(TimeSpan),
        ["DataViewRowId"] = typeof(DataViewRowId),
        ["float[]"] = typeof(float[]),
        ["VBuffer<float>"] = typeof(VBuffer<float>),
        ["string[]"] = typeof(string[]),
        ["object"] = typeof(object),
    };

    [SkippableFact]
    public void Columns_BindToMembersAsRecorded()
    {
        int compared = 0;
        JsonElement recorded = Golden.Read("behaviour/create_enumerable.json");
        foreach (JsonElement column in recorded.GetProperty("matrix").EnumerateArray())
        {
            string columnType = column.GetProperty("columnType").GetString()!;
            object row = _columns[columnType];
            IDataView view = (IDataView)Call(nameof(Load), [row.GetType()], row);
            Assert.Equal(column.GetProperty("schemaType").GetString(), view.Schema["Value"].Type.ToString());
            foreach (JsonProperty member in column.GetProperty("members").EnumerateObject())
            {
                string name = $"{columnType} into {member.Name}: ";
                Assert.Equal(name + Print(member.Value), name + Read(view, _members[member.Name]));
                compared++;
            }
        }

        output.WriteLine($"{compared} of {compared} pairs of types compared");
    }

    [SkippableFact]
    public void Keys_AreStoredValues()
    {
        JsonElement recorded = Golden.Read("behaviour/create_enumerable.json").GetProperty("keys");
        DataOperationsCatalog data = new MLContext(1).Data;
        IDataView view = data.LoadFromEnumerable(
            [new UIntKey { Value = 0 }, new UIntKey { Value = 4 }, new UIntKey { Value = 9 }]);
        uint[] Keys(string name) =>
            [.. recorded.GetProperty(name).GetProperty("result").EnumerateArray().Select(key => key.GetUInt32())];
        Assert.Equal(
            Keys("createEnumerable_uint_plain"),
            data.CreateEnumerable<Holder<uint>>(view, false).Select(row => row.Value));
        Assert.Equal(
            Keys("createEnumerable_uint_KeyType5"),
            data.CreateEnumerable<UIntKey>(view, false).Select(row => row.Value));
        Assert.Equal(
            Keys("createEnumerable_KeyType9"), data.CreateEnumerable<WideKey>(view, false).Select(row => row.Value));
    }

    [SkippableFact]
    public void Cases_GiveRecordedResults()
    {
        JsonElement golden = Golden.Read("behaviour/create_enumerable.json");
        JsonElement[] cases = [.. golden.GetProperty("cases").EnumerateArray()];
        foreach (JsonElement recorded in cases)
        {
            string name = recorded.GetProperty("case").GetString()!;
            JsonElement result = recorded.GetProperty("result");
            if (result.GetProperty("ok").GetBoolean())
            {
                Assert.Equal($"{name}: {ValueText.Print(result.GetProperty("result"))}", $"{name}: {Run(name)}");
            }
            else
            {
                ExceptionText.AssertThrows(name, result.GetProperty("exception"), () => Run(name));
            }
        }

        output.WriteLine($"{cases.Length} of {cases.Length} cases compared");
    }

    private static string Run(string name)
    {
        DataOperationsCatalog data = new MLContext(1).Data;
        IDataView numbers = data.LoadFromEnumerable([new Holder<int> { Value = 1 }, new Holder<int> { Value = 2 }]);
        bool Reused(bool reuse)
        {
            using IEnumerator<Holder<int>> rows = data.CreateEnumerable<Holder<int>>(numbers, reuse).GetEnumerator();
            rows.MoveNext();
            Holder<int> first = rows.Current;
            rows.MoveNext();
            return ReferenceEquals(first, rows.Current);
        }

        static string Listed(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";

        string Vector<T>(T row)
            where T : class
        {
            IDataView view = data.LoadFromEnumerable([row]);
            return $"[{string.Join(", ", data.CreateEnumerable<FourVector>(view, false).Single().Value)}]";
        }

        return name switch
        {
            "missing column, ignoreMissingColumns: false" => $"{data.CreateEnumerable<Extra>(numbers, false).Count()}",
            "missing column, ignoreMissingColumns: true" =>
                Listed(data.CreateEnumerable<Extra>(numbers, false, true).Select(row => $"{row.Nope}|{row.Value}")),
            "reuseRowObject: true, same reference each row" => $"{Reused(true)}",
            "reuseRowObject: false" => $"{Reused(false)}",
            "null data" => $"{data.CreateEnumerable<Extra>(null, false).Count()}",
            "variable vector into [VectorType(4)] member" => Vector(new Holder<float[]> { Value = [1, 2, 3] }),
            _ => Vector(new ThreeVector()),
        };
    }

    private static string Print(JsonElement member) => member.GetProperty("ok").GetBoolean()
        ? ValueText.Print(member.GetProperty("value"))
        : $"{member.GetProperty("type").GetString()}: {member.GetProperty("message").GetString()}";

    private static string Read(IDataView view, Type member)
    {
        try
        {
            return (string)Call(nameof(ReadOne), [member], view);
        }
        catch (Exception ex)
        {
            return $"{ex.GetType().FullName}: {ex.Message}";
        }
    }

    private static object Call(string method, Type[] types, params object[] arguments) =>
        typeof(CreateEnumerableTests).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(types)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;

    private static IDataView Load<T>(T row)
        where T : class =>
        new MLContext(1).Data.LoadFromEnumerable([row]);

    private static string ReadOne<T>(IDataView view)
    {
        object? value = new MLContext(1).Data.CreateEnumerable<Holder<T>>(view, false).Single().Value;
        return value is Array items
            ? $"[{string.Join(", ", items.Cast<object>().Select(ValueText.Print))}]"
            : ValueText.Print(value);
    }

    private sealed class Holder<T>
    {
        public T Value = default!;
    }

    private sealed class UIntKey
    {
        [KeyType(5)] public uint Value;
    }

    private sealed class ByteKey
    {
        [KeyType(5)] public byte Value;
    }

    private sealed class WideKey
    {
        [KeyType(9)] public uint Value = 0;
    }

    private sealed class Extra
    {
        public int Value = 0;
        public string Nope = "init";
    }

    private sealed class ThreeVector
    {
        [VectorType(3)] public float[] Value = [1, 2, 3];
    }

    private sealed class FourVector
    {
        [VectorType(4)] public float[] Value = [];
    }
}
