using System.Text.Json;
using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>Reads the visible columns of a view and compares their rows with recorded ones.</summary>
internal static class VisibleRows
{
    /// <summary>Asserts that reading gives the recorded rows, or fails as recorded.</summary>
    public static void AssertEqual(JsonElement recorded, IDataView view, string name)
    {
        if (recorded.GetProperty("ok").GetBoolean())
        {
            IEnumerable<string> expected = recorded.GetProperty("result").EnumerateArray().Select(ValueText.Print);
            Assert.Equal(
                name + '\n' + string.Join('\n', expected.Select(Timeless)),
                name + '\n' + string.Join('\n', Print(view).Select(Timeless)));
        }
        else
        {
            ExceptionText.AssertThrows(name, recorded.GetProperty("exception"), () => _ = Print(view).Count());
        }
    }

    private static IEnumerable<string> Print(IDataView view)
    {
        DataViewSchema.Column[] visible = [.. view.Schema.Where(column => !column.IsHidden)];
        using DataViewRowCursor cursor = view.GetRowCursor(visible);
        Func<string>[] printers = [.. visible.Select(column => ValueText.MakePrinter(cursor, column))];
        while (cursor.MoveNext())
        {
            yield return $"[{string.Join(", ", printers.Select(print => print()))}]";
        }
    }

    // Recorded times end in Z where their kind is universal; values are printed without their kind.
    private static string Timeless(string row) => row.Replace("0000000Z", "0000000", StringComparison.Ordinal);
}
