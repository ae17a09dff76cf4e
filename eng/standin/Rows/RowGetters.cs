using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>Getters of columns whose type is known at run time alone.</summary>
internal static class RowGetters
{
    private static readonly MethodInfo _get = typeof(RowGetters).GetMethod(nameof(GetTyped),
        BindingFlags.Static | BindingFlags.NonPublic);

    /// <summary>The getter of a column, of the delegate type that its raw type says.</summary>
    public static Delegate Get(DataViewRow row, int column) =>
        (Delegate)_get.MakeGenericMethod(row.Schema[column].Type.RawType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [row, column], null);

    private static ValueGetter<T> GetTyped<T>(DataViewRow row, int column) => row.GetGetter<T>(row.Schema[column]);
}
