using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Keeps rows in which no value of some columns is missing.</summary>
internal sealed class NAFilter : RowFilter
{
    private readonly DataViewSchema.Column[] _columns;

    public NAFilter(IHostEnvironment env, IDataView input, string[] columnNames)
        : this(env.Register("MissingValueFilter"), input, Find(env, input.Schema, columnNames))
    {
    }

    private NAFilter(IHost host, IDataView input, DataViewSchema.Column[] columns)
        : base(host, input, [.. columns.Select(column => column.Index)])
    {
        _columns = columns;
    }

    protected override void CheckState(IChannel channel, bool isGood) => Contracts.Check(isGood);

    protected override Func<bool> MakeTest(DataViewRow row)
    {
        Func<bool>[] isPresent = [.. _columns.Select(column => IsPresent(row, column))];
        return () => Array.TrueForAll(isPresent, test => test());
    }

    private static DataViewSchema.Column[] Find(IExceptionContext context, DataViewSchema schema, string[] names)
    {
        const string Columns = "Columns";
        var seen = new HashSet<string>();
        var found = new List<DataViewSchema.Column>();
        foreach (string name in names)
        {
            DataViewSchema.Column column = schema.GetColumnOrNull(name)
                ?? throw context.ExceptUserArg(Columns, $"Source column '{name}' not found");
            context.CheckUserArg(seen.Add(name), Columns, $"Source column '{name}' specified multiple times");
            DataViewType item = column.Type.GetItemType();
            bool canMiss = item is KeyDataViewType
                || item == NumberDataViewType.Single || item == NumberDataViewType.Double;
            context.CheckUserArg(
                canMiss,
                Columns,
                $"Column '{name}' has type {column.Type} which does not support missing values, " +
                "so we cannot filter on them");
            found.Add(column);
        }

        return [.. found];
    }

    private static Func<bool> IsPresent(DataViewRow row, DataViewSchema.Column column)
    {
        Type raw = column.Type.GetItemType().RawType;
        return raw == typeof(float) ? Test<float>(row, column, float.IsNaN)
            : raw == typeof(double) ? Test<double>(row, column, double.IsNaN)
            : raw == typeof(byte) ? Test<byte>(row, column, key => key == 0)
            : raw == typeof(ushort) ? Test<ushort>(row, column, key => key == 0)
            : raw == typeof(uint) ? Test<uint>(row, column, key => key == 0)
            : Test<ulong>(row, column, key => key == 0);
    }

    private static Func<bool> Test<T>(DataViewRow row, DataViewSchema.Column column, Predicate<T> isMissing)
    {
        if (column.Type is not VectorDataViewType)
        {
            ValueGetter<T> getter = row.GetGetter<T>(column);
            T value = default;
            return () =>
            {
                getter(ref value);
                return !isMissing(value);
            };
        }

        ValueGetter<VBuffer<T>> vectorGetter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> vector = default;
        return () =>
        {
            vectorGetter(ref vector);
            bool sparseMissing = !vector.IsDense && isMissing(default);
            foreach (T value in vector.GetValues())
            {
                sparseMissing |= isMissing(value);
            }

            return !sparseMissing;
        };
    }
}
