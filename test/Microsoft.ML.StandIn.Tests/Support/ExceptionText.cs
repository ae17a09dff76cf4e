using System.Reflection;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>Compares exceptions, with all inner ones and their marks, with recorded ones.</summary>
internal static class ExceptionText
{
    /// <summary>Runs something that was recorded to fail, and asserts that it fails in the same way.</summary>
    public static void AssertThrows(string name, JsonElement expected, Action action,
        params (string From, string To)[] replace)
    {
        var actual = $"{name}: {Print(Record.Exception(action))}";
        var wanted = $"{name}: {Print(expected)}";
        foreach (var (from, to) in replace)
        {
            wanted = wanted.Replace(from, to, StringComparison.Ordinal);
        }

        Assert.Equal(wanted, actual);
    }

    private static string Print(JsonElement exception)
    {
        var text = new StringBuilder();
        text.Append(exception.GetProperty("type").GetString()).Append(": ")
            .Append(exception.GetProperty("message").GetString());
        if (exception.TryGetProperty("data", out var data))
        {
            text.Append(" {").AppendJoin(", ", data.EnumerateObject()
                .Select(pair => $"{pair.Name}={ValueText.Print(pair.Value)}")
                .Order(StringComparer.Ordinal)).Append('}');
        }

        if (exception.TryGetProperty("inner", out var inner))
        {
            text.Append(" <- ").Append(Print(inner));
        }

        return text.ToString();
    }

    private static string Print(Exception? exception)
    {
        // The recordings leave out what reflection wraps around.
        if (exception is TargetInvocationException wrapper)
        {
            return Print(wrapper.InnerException);
        }

        if (exception is null)
        {
            return "nothing thrown";
        }

        var text = new StringBuilder();
        text.Append(exception.GetType().FullName).Append(": ").Append(exception.Message);
        if (exception.Data.Count > 0)
        {
            text.Append(" {").AppendJoin(", ", exception.Data.Keys.Cast<object>()
                .Select(key => $"{key}={exception.Data[key]}").Order(StringComparer.Ordinal)).Append('}');
        }

        if (exception.InnerException is not null)
        {
            text.Append(" <- ").Append(Print(exception.InnerException));
        }

        return text.ToString();
    }
}
