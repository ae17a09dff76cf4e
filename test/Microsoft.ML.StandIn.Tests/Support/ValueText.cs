using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.ML.Data;

namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>Prints values of rows and annotations, recorded or read, in one form.</summary>
internal static class ValueText
{
    /// <summary>A recorded value.</summary>
    public static string Print(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Print))}]",
        JsonValueKind.Object when value.TryGetProperty("sparse", out _) =>
            $"sparse {value.GetProperty("length").GetInt32()} {Print(value.GetProperty("indices"))} " +
            Print(value.GetProperty("values")),
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        JsonValueKind.Null => "",
        JsonValueKind.Number => Number(value.GetRawText()),
        _ => $"{{{string.Join(", ", value.EnumerateObject().Select(pair => $"{pair.Name}: {Print(pair.Value)}"))}}}",
    };

    /// <summary>A value of a view.</summary>
    public static string Print(object? value) => value switch
    {
        null => "",
        float number => Number(number.ToString("R", CultureInfo.InvariantCulture)),
        double number => Number(number.ToString("R", CultureInfo.InvariantCulture)),
        DateTime time => time.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString("o", CultureInfo.InvariantCulture),
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ when IsVector(value.GetType()) => (string)Typed(nameof(PrintVector), value.GetType().GetGenericArguments()[0],
            value),
        _ => value.ToString()!,
    };

    /// <summary>The value of an annotation.</summary>
    public static string PrintAnnotation(DataViewSchema.Annotations annotations, DataViewSchema.Column column) =>
        (string)Typed(nameof(PrintAnnotationTyped), column.Type.RawType, annotations, column.Name);

    /// <summary>What prints the current value of a column of a row.</summary>
    public static Func<string> MakePrinter(DataViewRow row, DataViewSchema.Column column) =>
        (Func<string>)Typed(nameof(MakePrinterTyped), column.Type.RawType, row, column);

    private static object Typed(string method, Type type, params object[] arguments) =>
        typeof(ValueText).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(type)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;

    private static bool IsVector(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(VBuffer<>);

    private static string PrintAnnotationTyped<T>(DataViewSchema.Annotations annotations, string kind)
    {
        var value = default(T)!;
        annotations.GetValue(kind, ref value);
        return Print(value);
    }

    private static Func<string> MakePrinterTyped<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        var value = default(T)!;
        return () =>
        {
            getter(ref value);
            return Print(value);
        };
    }

    private static string PrintVector<T>(VBuffer<T> value)
    {
        var values = string.Join(", ", value.GetValues().ToArray().Select(item => Print(item)));
        return value.IsDense
            ? $"[{values}]"
            : $"sparse {value.Length} [{string.Join(", ", value.GetIndices().ToArray())}] [{values}]";
    }

    private static string Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && Math.Abs(number) < 1e15
            ? number.ToString("R", CultureInfo.InvariantCulture)
            : text;
}
