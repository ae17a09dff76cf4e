using System.Reflection;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Conventions;

/// <summary>What users can type is written down in PublicApi.txt; a change of it is a decision, not an accident.</summary>
public class PublicApiTests
{
    private static readonly string _approved =
        Path.Combine(Repository.Root, "test", "Microsoft.ML.Lora.Tests", "Conventions", "PublicApi.txt");

    [Fact]
    public void The_public_surface_is_the_approved_one()
    {
        string[] lines = [.. typeof(LoraCatalog).Assembly.GetExportedTypes()
            .OrderBy(type => type.FullName, StringComparer.Ordinal).SelectMany(Lines)];
        string received = Path.Combine(AppContext.BaseDirectory, "PublicApi.received.txt");
        File.WriteAllLines(received, lines);

        Assert.True(File.ReadAllLines(_approved).SequenceEqual(lines),
            $"The public surface changed. If that is meant, replace {_approved} by {received}.");
    }

    private static IEnumerable<string> Lines(Type type)
    {
        yield return type.FullName!;
        const BindingFlags Declared =
            BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        IEnumerable<string> members = type.GetMembers(Declared)
            .Where(member => member is not MethodInfo { IsSpecialName: true } and not Type)
            .Where(member => !member.Name.StartsWith('<') && member.Name != "value__")
            .Select(Describe).Order(StringComparer.Ordinal);
        foreach (string member in members)
        {
            yield return "    " + member;
        }
    }

    private static string Describe(MemberInfo member) => member switch
    {
        FieldInfo { IsLiteral: true } constant => $"{constant.Name} = {Convert.ToInt64(constant.GetRawConstantValue())}",
        FieldInfo field => $"{Name(field.FieldType)} {field.Name}",
        PropertyInfo property => $"{Name(property.PropertyType)} {property.Name} {{ {Accessors(property)} }}",
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        MethodInfo method => $"{Name(method.ReturnType)} {method.Name}({Parameters(method)})",
        _ => $"{member.MemberType} {member.Name}",
    };

    private static string Accessors(PropertyInfo property) =>
        string.Join(' ', property.GetAccessors().Select(accessor => accessor.Name[..3] + ";"));

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType)} {parameter.Name}" + (parameter.HasDefaultValue
            ? $" = {parameter.RawDefaultValue ?? "null"}"
            : "")));

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Name(inner) + "?";
        }
        return type.IsGenericType
            ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : type.IsNested ? $"{type.DeclaringType!.Name}.{type.Name}" : type.Name;
    }
}
