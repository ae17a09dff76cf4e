using System.Text.Json;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>Reads all rows of a view, hidden columns included, and compares them with recorded ones.</summary>
internal static class Rows
{
    public static void AssertEqual(JsonElement expected, IDataView actual) =>
        Assert.Equal(string.Join('\n', expected.EnumerateArray().Select(ValueText.Print)),
            string.Join('\n', Print(actual)));

    /// <summary>Each row as its values in brackets.</summary>
    public static IEnumerable<string> Print(IDataView view)
    {
        using var cursor = view.GetRowCursor(view.Schema);
        var printers = view.Schema.Select(column => ValueText.MakePrinter(cursor, column)).ToArray();
        while (cursor.MoveNext())
        {
            yield return $"[{string.Join(", ", printers.Select(print => print()))}]";
        }
    }
}
