using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.StandIn.Tests.Enumerables;

/// <summary>The recorded classes and values.</summary>
internal static class MemberCases
{
    private const string KeyPrefix = "[KeyType(5)] uint field holding ";

    /// <summary>What loads the rows of a recorded case.</summary>
    public static Func<DataOperationsCatalog, IDataView> Find(string name)
    {
        if (name.StartsWith(KeyPrefix, StringComparison.Ordinal))
        {
            uint key = uint.Parse(name[KeyPrefix.Length..].Split(' ')[0], CultureInfo.InvariantCulture);
            return data => data.LoadFromEnumerable([new UIntKey { K = key }]);
        }

        return FindScalar(name) ?? FindVector(name) ?? FindClass(name);
    }

    private static Func<DataOperationsCatalog, IDataView>? FindScalar(string name) => name switch
    {
        "bool" => One(true),
        "bool?" => One<bool?>(true),
        "byte" => One((byte)7),
        "sbyte" => One((sbyte)-7),
        "short" => One((short)-7),
        "ushort" => One((ushort)7),
        "int" => One(-7),
        "int?" => One<int?>(7),
        "int? null" => One<int?>(null),
        "uint" => One(7u),
        "long" => One(-7L),
        "ulong" => One(7UL),
        "float" => One(1.5f),
        "float?" => One<float?>(1.5f),
        "double" => One(1.5),
        "decimal" => One(1.5m),
        "char" => One('x'),
        "string" => One("abc"),
        "string null" => One<string?>(null),
        "ReadOnlyMemory<char>" => One("abc".AsMemory()),
        "DateTime" => One(new DateTime(2024, 1, 2, 3, 4, 5)),
        "DateTimeOffset" => One(new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(1))),
        "TimeSpan" => One(TimeSpan.FromSeconds(1.5)),
        "DataViewRowId" => One(new DataViewRowId(1, 2)),
        "Guid" => One(Guid.Empty),
        "DayOfWeek (enum)" => One(DayOfWeek.Monday),
        "object" => One(new object()),
        "nested class" => One(new Base()),
        "Half" => One((Half)1),
        "DateOnly" => One(new DateOnly(2024, 1, 2)),
        "Uri" => One(new Uri("http://localhost")),
        _ => null,
    };

    private static Func<DataOperationsCatalog, IDataView>? FindVector(string name) => name switch
    {
        "float[]" => One(new[] { 1f, 2 }),
        "float[] null" => One<float[]?>(null),
        "string[]" => One(new[] { "a", null }),
        "int[]" => One(new[] { 1, 2 }),
        "bool[]" => One(new[] { true }),
        "float?[]" => One(new float?[] { 1 }),
        "VBuffer<float>" => One(new VBuffer<float>(2, [1, 2])),
        "VBuffer<float> sparse" => One(new VBuffer<float>(5, 1, [2f], [3])),
        "List<float>" => One(new List<float> { 1 }),
        "float[,]" => One(new float[1, 1]),
        "float[][]" => One(new[] { new[] { 1f } }),
        "[VectorType(3)] float[] of length 2" => data => data.LoadFromEnumerable([new Fixed { V = [1, 2] }]),
        "[VectorType(3)] float[] null" => data => data.LoadFromEnumerable([new Fixed()]),
        _ => null,
    };

    private static Func<DataOperationsCatalog, IDataView> FindClass(string name) => name switch
    {
        "class with attributes on fields and properties" => data => data.LoadFromEnumerable([new Attributed()]),
        "derived class" => data => data.LoadFromEnumerable([new Derived { B1 = 1, D1 = 2, PV = 3 }]),
        "[KeyType] without count" => data => data.LoadFromEnumerable([new KeyWithoutCount()]),
        "[KeyType(5)] int" => data => data.LoadFromEnumerable([new IntKey()]),
        "[KeyType(5)] ulong" => data => data.LoadFromEnumerable([new ULongKey { K = 2 }]),
        "[KeyType(5)] ushort" => data => data.LoadFromEnumerable([new UShortKey { K = 2 }]),
        "two members with one column name" => data => data.LoadFromEnumerable([new Twins()]),
        "class without members" => data => data.LoadFromEnumerable([new Empty()]),
        "[VectorType(3)] float scalar" => data => data.LoadFromEnumerable([new ScalarVector()]),
        "object member beside int" => data => data.LoadFromEnumerable([new { A = 1, O = new object() }]),
        "List<int> member beside int" => data => data.LoadFromEnumerable([new { A = 1, L = new List<int>() }]),
        "enum member beside int" => data => data.LoadFromEnumerable([new { A = 1, E = DayOfWeek.Monday }]),
        "record class (int A, string B)" => data => data.LoadFromEnumerable([new Pair(1, "b")]),
        "class with indexer" => data => data.LoadFromEnumerable([new Indexed { A = 1 }]),
        "fields a and A" => data => data.LoadFromEnumerable([new Cased { a = 1, A = 2 }]),
        "null enumerable" => data => data.LoadFromEnumerable((IEnumerable<Plain>)null!),
        "anonymous type" => data => data.LoadFromEnumerable([new { A = 1, B = "x" }]),
        "null element in the sequence" => data => data.LoadFromEnumerable(new Plain[] { null! }),
        "empty sequence" => data => data.LoadFromEnumerable(Array.Empty<Plain>()),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such case"),
    };

    private static Func<DataOperationsCatalog, IDataView> One<T>(T value) =>
        data => data.LoadFromEnumerable([new Holder<T> { Value = value }]);

    private sealed class Holder<T>
    {
        public T Value = default!;
    }

    private sealed class Attributed
    {
        [ColumnName("Renamed")] public string A = "x";
        [VectorType(3)] public float[] V3 = [1, 2, 3];
        [VectorType] public float[] VAny = [1];
        public float[] VNoAttr = [1, 2];
        [VectorType(2, 3)] public float[] V23 = [1, 2, 3, 4, 5, 6];
        [KeyType(5)] public uint K = 2;
        [KeyType(5)] public byte KB = 4;
        [KeyType(5), VectorType(2)] public uint[] KV = [1, 5];
        public readonly int RO = 0;
        [NoColumn] public int Ignored = 1;
        [LoadColumn(7)] public int Loaded = 8;

        public int Prop { get; set; } = 4;

        [ColumnName("PropRenamed")] public string Text { get; set; } = "p";

        public int ReadOnlyProp => 3;

        public int PrivateSetProp { get; private set; }
    }

    private class Base
    {
        public int B1;

        public virtual int PV { get; set; }
    }

    private sealed class Derived : Base
    {
        public int D1;

        public override int PV { get; set; }
    }

    private sealed class Fixed
    {
        [VectorType(3)] public float[]? V;
    }

    private sealed class UIntKey
    {
        [KeyType(5)] public uint K;
    }

    private sealed class ULongKey
    {
        [KeyType(5)] public ulong K;
    }

    private sealed class UShortKey
    {
        [KeyType(5)] public ushort K;
    }

    private sealed class IntKey
    {
        [KeyType(5)] public int K = 0;
    }

    private sealed class KeyWithoutCount
    {
        [KeyType] public uint K = 0;
    }

    private sealed class Twins
    {
        [ColumnName("X")] public int A = 0;
        public int X = 0;
    }

    private sealed class Empty
    {
    }

    private sealed class ScalarVector
    {
        [VectorType(3)] public float X = 0;
    }

    private sealed record Pair(int A, string B);

    private sealed class Indexed
    {
        public int A { get; set; }

        public int this[int index] => index;
    }

    private sealed class Cased
    {
        public int a;
        public int A;
    }

    private sealed class Plain
    {
        public int Id = 0;
        public string Key = "";
        public float G = 0;
    }
}
