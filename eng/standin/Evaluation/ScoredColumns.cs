using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Finds the columns that an evaluation reads, and checks what they hold.</summary>
internal sealed class ScoredColumns
{
    private readonly IHostEnvironment _env;
    private readonly IDataView _data;
    private readonly MessageSensitivity? _sensitivity;

    /// <param name="env">Marks the exceptions.</param>
    /// <param name="data">The scored rows.</param>
    /// <param name="sensitivity">What complaints about types say of themselves, if anything.</param>
    public ScoredColumns(IHostEnvironment env, IDataView data, MessageSensitivity? sensitivity = null)
    {
        _env = env;
        _data = data;
        _sensitivity = sensitivity;
    }

    /// <summary>The column of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="role">The name that the column has by default.</param>
    public DataViewSchema.Column Find(string name, string role) =>
        _data.Schema.GetColumnOrNull(name)
        ?? throw Contracts.ExceptParam("schema", "{0} column '{1}' not found", name, role);

    /// <summary>Throws unless the column is of the kind.</summary>
    public void Check(bool ok, DataViewSchema.Column column, string role, string expected)
    {
        if (ok)
        {
            return;
        }

        Exception ex = _env.ExceptSchemaMismatch("schema", role, column.Name, expected, column.Type.ToString());
        if (_sensitivity is MessageSensitivity sensitivity)
        {
            ex.Data[Contracts.SensitivityKey] = sensitivity;
        }

        throw ex;
    }

    /// <summary>The label as a number: classes from 0, true as 1, not a number where it is missing.</summary>
    public static Func<float> LabelGetter(DataViewRow row, DataViewSchema.Column column) => column.Type switch
    {
        KeyDataViewType { RawType: var raw } when raw == typeof(byte) => Read<byte>(row, column, FromKey<byte>),
        KeyDataViewType { RawType: var raw } when raw == typeof(ushort) => Read<ushort>(row, column, FromKey<ushort>),
        KeyDataViewType { RawType: var raw } when raw == typeof(uint) => Read<uint>(row, column, FromKey<uint>),
        KeyDataViewType => Read<ulong>(row, column, FromKey<ulong>),
        BooleanDataViewType => Read<bool>(row, column, value => value ? 1 : 0),
        NumberDataViewType { RawType: var raw } when raw == typeof(double) =>
            Read<double>(row, column, value => (float)value),
        _ => Read<float>(row, column, value => value),
    };

    private static float FromKey<T>(T key)
        where T : System.Numerics.IBinaryInteger<T>, System.Numerics.IUnsignedNumber<T> =>
        T.IsZero(key) ? float.NaN : float.CreateChecked(key - T.One);

    private static Func<float> Read<T>(DataViewRow row, DataViewSchema.Column column, Func<T, float> convert)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return convert(value);
        };
    }
}
