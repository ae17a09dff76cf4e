using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Data;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>Compares schemas, annotations included, with recorded ones.</summary>
internal static class SchemaText
{
    /// <summary>Asserts that a schema is the recorded one, hidden columns and annotations included.</summary>
    public static void AssertEqual(JsonElement expected, DataViewSchema actual) =>
        Assert.Equal(string.Join('\n', expected.EnumerateArray().Select(Print)),
            string.Join('\n', actual.Select(Print)));

    private static string Print(JsonElement column)
    {
        var annotations = column.GetProperty("annotations").EnumerateArray().Select(annotation =>
            $"{annotation.GetProperty("kind").GetString()}: {annotation.GetProperty("type").GetString()} = " +
            ValueText.Print(annotation.GetProperty("value")));
        return $"{column.GetProperty("index").GetInt32()} {column.GetProperty("name").GetString()} " +
            $"{(column.GetProperty("isHidden").GetBoolean() ? "hidden " : "")}" +
            $"{column.GetProperty("type").GetProperty("text").GetString()} {{{string.Join("; ", annotations)}}}";
    }

    private static string Print(DataViewSchema.Column column)
    {
        var annotations = column.Annotations.Schema.Select(annotation =>
            $"{annotation.Name}: {annotation.Type} = {ValueText.PrintAnnotation(column.Annotations, annotation)}");
        return string.Create(CultureInfo.InvariantCulture,
            $"{column.Index} {column.Name} {(column.IsHidden ? "hidden " : "")}{column.Type} " +
            $"{{{string.Join("; ", annotations)}}}");
    }
}
