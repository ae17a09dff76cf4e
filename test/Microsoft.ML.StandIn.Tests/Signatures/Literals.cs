using System.Globalization;
using System.Reflection;

namespace Microsoft.ML.StandIn.Tests.Signatures;

/// <summary>Prints default values, constants and attributes the way the recorded signatures do.</summary>
internal static class Literals
{
    private static readonly string[] _namedOrder =
    [
        "AllowMultiple", "Inherited", "ShortName", "HelpText", "Hide", "IsInputFileName", "SortOrder", "NullName",
        "Visibility", "Name",
    ];

    private static readonly HashSet<string> _shownAttributes =
    [
        nameof(AttributeUsageAttribute), nameof(FlagsAttribute), nameof(ObsoleteAttribute), "ArgumentAttribute",
        "ConditionalAttribute",
    ];

    /// <summary>The default value of a parameter or the value of a constant.</summary>
    public static string Print(object? value, Type type)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            null => type.IsGenericParameter || (type.IsValueType && Nullable.GetUnderlyingType(type) is null)
                ? "default"
                : "null",
            _ when bare.IsEnum => EnumName(value, bare),
            bool flag => flag ? "true" : "false",
            string text => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"",
            char c => $"'\\u{(int)c:x4}'",
            float single => single.ToString("R", CultureInfo.InvariantCulture) + "f",
            double.PositiveInfinity => "double.PositiveInfinity",
            double number => number.ToString("R", CultureInfo.InvariantCulture) + "d",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
    }

    /// <summary>The attributes that signatures show, each in brackets with a blank behind it.</summary>
    public static string Attributes(IEnumerable<CustomAttributeData> attributes) =>
        string.Concat(attributes.Where(attribute => _shownAttributes.Contains(attribute.AttributeType.Name))
            .Select(attribute => $"[{Attribute(attribute)}] "));

    private static string Attribute(CustomAttributeData attribute)
    {
        var name = attribute.AttributeType.Name[..^"Attribute".Length];
        var positional = attribute.ConstructorArguments.Select(argument =>
            Print(argument.Value, argument.ArgumentType));
        var named = attribute.NamedArguments
            .OrderBy(argument => Array.IndexOf(_namedOrder, argument.MemberName))
            .Select(argument => (argument.MemberName, Value: argument.TypedValue))
            .Select(argument => $"{argument.MemberName} = {Print(argument.Value.Value, argument.Value.ArgumentType)}");
        var all = string.Join(", ", positional.Concat(named));
        return all.Length == 0 ? name : $"{name}({all})";
    }

    private static string EnumName(object value, Type type)
    {
        var prefix = TypeNames.Print(type);
        var whole = Enum.ToObject(type, value);
        return string.Join(" | ", whole.ToString()!.Split(", ").Select(part => $"{prefix}.{part}"));
    }
}
