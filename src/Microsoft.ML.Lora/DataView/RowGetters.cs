namespace Microsoft.ML.Lora.DataView;

/// <summary>The checks every row of ours makes when a caller asks for a column's getter.</summary>
internal static class RowGetters
{
    /// <summary>The getter as the type asked for.</summary>
    /// <exception cref="InvalidOperationException">The column's values have another type.</exception>
    public static ValueGetter<TValue> As<TValue>(Delegate getter, DataViewSchema.Column column) =>
        getter as ValueGetter<TValue> ?? throw new InvalidOperationException(
            $"Invalid TValue in GetGetter for column #{column}: '{typeof(TValue)}', " +
            $"expected type: '{column.Type.RawType}'.");

    /// <summary>The error for a column that was not asked for when the row was made.</summary>
    public static ArgumentOutOfRangeException Inactive(DataViewSchema.Column column) =>
        new(nameof(column), $"requested column not active: '{column.Name}' was not among the columns asked for");
}
