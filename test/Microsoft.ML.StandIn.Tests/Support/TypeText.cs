namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>Prints type names as the recorded results have them: simple names with type arguments.</summary>
internal static class TypeText
{
    public static string Print(Type type)
    {
        var name = type.Name.Split('`')[0];
        return type.IsGenericType
            ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Print))}>"
            : name;
    }
}
