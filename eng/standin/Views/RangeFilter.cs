using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>
/// Keeps rows whose number is in a range, or rows where it is not; a key counts as the middle of its share of [0, 1).
/// Rows without a number are never kept.
/// </summary>
internal sealed class RangeFilter : RowFilter
{
    private readonly DataViewSchema.Column _column;
    private readonly Range _range;

    public RangeFilter(IHostEnvironment env, IDataView input, string columnName, Range range)
        : base(env.Register(nameof(RangeFilter)), input, [input.Schema[columnName].Index])
    {
        _column = input.Schema[columnName];
        _range = range;
        using IChannel channel = Host.Start("Checking parameters");
        bool isNumber = _column.Type == NumberDataViewType.Single || _column.Type == NumberDataViewType.Double
            || _column.Type is KeyDataViewType;
        channel.CheckUserArg(isNumber, "Column", $"Column '{columnName}' does not have compatible type");
    }

    protected override void CheckState(IChannel channel, bool isGood) =>
        channel.Check(isGood, RowCursorUtils.FetchValueStateError);

    protected override Func<bool> MakeTest(DataViewRow row)
    {
        Func<double> number = NumberGetter(row);
        return () => _range.Keeps(number());
    }

    private Func<double> NumberGetter(DataViewRow row)
    {
        if (_column.Type is KeyDataViewType key)
        {
            Func<ulong> getKey = KeyNumbers.Getter(row, _column);
            double count = key.Count;
            return () => getKey() is ulong value && value == 0 ? double.NaN : (value - 0.5) / count;
        }

        if (_column.Type == NumberDataViewType.Double)
        {
            ValueGetter<double> getDouble = row.GetGetter<double>(_column);
            double wide = 0;
            return () =>
            {
                getDouble(ref wide);
                return wide;
            };
        }

        ValueGetter<float> getSingle = row.GetGetter<float>(_column);
        float single = 0;
        return () =>
        {
            getSingle(ref single);
            return single;
        };
    }

    /// <summary>Numbers from one bound to below another, or all numbers but those.</summary>
    /// <param name="Min">The lower bound, included.</param>
    /// <param name="Max">The upper bound, not included unless said so.</param>
    /// <param name="IncludeMax">Whether the upper bound itself is in the range.</param>
    /// <param name="Complement">Whether numbers outside the range are meant.</param>
    internal sealed record Range(double Min, double Max, bool IncludeMax = false, bool Complement = false)
    {
        public bool Keeps(double number)
        {
            bool inside = number >= Min && (number < Max || (IncludeMax && number == Max));
            return inside != Complement && !double.IsNaN(number);
        }
    }
}

/// <summary>Reads keys of any width.</summary>
internal static class KeyNumbers
{
    /// <summary>A getter of the stored key: 0 when missing, the first is 1.</summary>
    public static Func<ulong> Getter(DataViewRow row, DataViewSchema.Column column)
    {
        Type raw = column.Type.RawType;
        return raw == typeof(byte) ? Read<byte>(row, column)
            : raw == typeof(ushort) ? Read<ushort>(row, column)
            : raw == typeof(uint) ? Read<uint>(row, column)
            : Read<ulong>(row, column);
    }

    private static Func<ulong> Read<T>(DataViewRow row, DataViewSchema.Column column)
        where T : System.Numerics.IBinaryInteger<T>
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return ulong.CreateTruncating(value);
        };
    }
}
