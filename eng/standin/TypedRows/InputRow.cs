using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A row over one object at a time.</summary>
internal sealed class InputRow<TRow> : DataViewRow
    where TRow : class
{
    private readonly IHost _host;
    private readonly Delegate[] _getters;
    private TRow _current;
    private long _position = -1;

    public InputRow(IHostEnvironment env, TypedSchema typed)
    {
        _host = env.Register(nameof(InputRow<TRow>));
        Schema = typed.ToSchema();
        _getters = typed.Columns.Select(column => MemberAccess<TRow>.MakeGetter(column, () => _current)).ToArray();
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _position;

    public override long Batch => 0;

    /// <summary>Makes an object the row.</summary>
    public void ExtractValues(TRow row)
    {
        _current = row;
        _position++;
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() =>
        (ref DataViewRowId value) =>
        {
            _host.Check(_position >= 0, "Values cannot be fetched at this time");
            value = new DataViewRowId((ulong)_position, 0);
        };

    public override bool IsColumnActive(DataViewSchema.Column column)
    {
        _host.CheckParam(column.Index < Schema.Count, nameof(column));
        return true;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        TypedGetters.Check<TValue>(_host, _getters[column.Index], Schema[column.Index]);
}

/// <summary>Checks of the types that getters are asked for.</summary>
internal static class TypedGetters
{
    public static ValueGetter<TValue> Check<TValue>(IExceptionContext context, Delegate getter,
        DataViewSchema.Column column) =>
        getter as ValueGetter<TValue> ?? throw context.Except(
            $"Invalid TValue in GetGetter for column #{column}: '{typeof(TValue)}', " +
            $"expected type: '{getter.GetType().GetGenericArguments()[0]}'.");

    public static ValueGetter<TValue> Check<TValue>(IExceptionContext context, Delegate getter) =>
        getter as ValueGetter<TValue> ?? throw context.Except(
            $"Invalid TValue: '{typeof(TValue)}', expected type: '{getter.GetType().GetGenericArguments()[0]}'.");
}
