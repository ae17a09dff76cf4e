using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>What cursors have in common.</summary>
internal static class RowCursorUtils
{
    internal const string FetchValueStateError = "Values cannot be fetched at this time. This method was called " +
        "either before the first call to MoveNext, or at any point after that method returned false.";

    /// <summary>Whether a column, by its index, is among those needed.</summary>
    internal static Func<int, bool> FromColumnsToPredicate(IEnumerable<DataViewSchema.Column> columnsNeeded,
        DataViewSchema sourceSchema)
    {
        Contracts.CheckValue(columnsNeeded, nameof(columnsNeeded));
        Contracts.CheckValue(sourceSchema, nameof(sourceSchema));
        var active = new bool[sourceSchema.Count];
        foreach (var column in columnsNeeded)
        {
            Contracts.Check(column.Index < active.Length,
                $"The requested column: {column} is not part of the {nameof(sourceSchema)}");
            active[column.Index] = true;
        }

        return index => (uint)index < (uint)active.Length && active[index];
    }
}
