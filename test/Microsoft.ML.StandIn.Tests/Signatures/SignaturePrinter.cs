using System.Reflection;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.StandIn.Tests.Signatures;

/// <summary>Prints a type and its members as lines of the recorded signatures.</summary>
internal sealed class SignaturePrinter
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance
        | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private readonly NullabilityInfoContext _nullability = new();
    private readonly bool _withInternals;
    private readonly bool _withNullableMarks;

    /// <param name="withInternals">Whether members that friends alone see are printed too.</param>
    /// <param name="withNullableMarks">Whether nullable reference types get their mark.</param>
    public SignaturePrinter(bool withInternals, bool withNullableMarks)
    {
        _withInternals = withInternals;
        _withNullableMarks = withNullableMarks;
    }

    /// <summary>The line of the type, then the lines of its members.</summary>
    public IEnumerable<string> Print(Type type)
    {
        var name = TypeNames.Print(type);
        return new[] { Declare(type) }.Concat(Members(type)).Select(line => $"{name} :: {line}");
    }

    private IEnumerable<string> Members(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return [];
        }

        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name =>
                $"{name} = {Convert.ChangeType(Enum.Parse(type, name), Enum.GetUnderlyingType(type))}");
        }

        return Constructors(type)
            .Concat(type.GetFields(Own).Where(field => IsShown(field) && !IsGenerated(field)).Select(Print))
            .Concat(type.GetProperties(Own).Where(property => IsShown(Widest(property))).Select(Print))
            .Concat(type.GetEvents(Own).Where(e => IsShown(e.AddMethod!)).Select(Print))
            .Concat(type.GetMethods(Own).Where(IsPlainMethod).Select(Print));
    }

    private IEnumerable<string> Constructors(Type type)
    {
        if (type.IsInterface || (type.IsAbstract && type.IsSealed) || type.IsValueType && !type.IsClass
            && type.GetConstructors(Own).Length == 0)
        {
            return [];
        }

        var shown = type.GetConstructors(Own).Where(c => !c.IsStatic && IsShown(c)).ToArray();
        return shown.Length == 0 && type.IsClass
            ? ["// no accessible constructor"]
            : shown.Select(c => $"{Access(c)} {type.Name.Split('`')[0]}({Parameters(c.GetParameters())})");
    }

    private string Declare(Type type)
    {
        var attributes = Literals.Attributes(type.GetCustomAttributesData());
        var access = type.IsPublic || type.IsNestedPublic ? "public"
            : type.IsNestedFamily ? "protected"
            : type.IsNestedFamANDAssem ? "private protected"
            : "internal";
        var name = Declared(type);
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            var invoke = type.GetMethod("Invoke")!;
            return $"{attributes}{access} delegate {Return(invoke)} {name}({Parameters(invoke.GetParameters())})";
        }

        var bases = type.IsEnum
            ? [TypeNames.Print(Enum.GetUnderlyingType(type))]
            : Bases(type).ToArray();
        var inherits = bases.Length == 0 ? "" : " : " + string.Join(", ", bases);
        return $"{attributes}{access} {Kind(type)} {name}{inherits}{Constraints(type.GetGenericArguments())}";
    }

    private static string Declared(Type type)
    {
        var name = TypeNames.Print(type);
        foreach (var parameter in type.GetGenericArguments())
        {
            var variance = parameter.GenericParameterAttributes & GenericParameterAttributes.VarianceMask;
            var word = variance == GenericParameterAttributes.Covariant ? "out "
                : variance == GenericParameterAttributes.Contravariant ? "in "
                : "";
            name = name.Replace($"<{parameter.Name}", $"<{word}{parameter.Name}")
                .Replace($", {parameter.Name}", $", {word}{parameter.Name}");
        }

        return name;
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsValueType ? (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")
            + (type.IsByRefLike ? "ref " : "") + "struct"
        : type.IsAbstract && type.IsSealed ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private IEnumerable<string> Bases(Type type)
    {
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
        {
            yield return TypeNames.Print(parent);
        }

        foreach (var name in type.GetInterfaces().Where(i => _withInternals || i.IsVisible)
            .Select(TypeNames.Print).Order(StringComparer.Ordinal))
        {
            yield return name;
        }
    }

    private static string Constraints(IEnumerable<Type> parameters) =>
        string.Concat(parameters.Where(parameter => parameter.IsGenericParameter).Select(parameter =>
        {
            var flags = parameter.GenericParameterAttributes;
            var parts = new List<string>();
            if ((flags & GenericParameterAttributes.ReferenceTypeConstraint) != 0)
            {
                parts.Add("class");
            }

            var isStruct = (flags & GenericParameterAttributes.NotNullableValueTypeConstraint) != 0;
            if (isStruct)
            {
                parts.Add("struct");
            }

            parts.AddRange(parameter.GetGenericParameterConstraints().Where(c => c != typeof(ValueType))
                .Select(TypeNames.Print));
            if ((flags & GenericParameterAttributes.DefaultConstructorConstraint) != 0 && !isStruct)
            {
                parts.Add("new()");
            }

            return parts.Count == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", parts)}";
        }));

    private bool IsPlainMethod(MethodInfo method) =>
        IsShown(method) && !IsGenerated(method) && !method.Name.Contains('.')
        && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal));

    private string Print(FieldInfo field)
    {
        var attributes = Literals.Attributes(field.GetCustomAttributesData());
        var type = Name(field.FieldType, field, () => _nullability.Create(field));
        return field.IsLiteral
            ? $"{Access(field)} const {type} {field.Name} = " +
                $"{Literals.Print(field.GetRawConstantValue(), field.FieldType)}"
            : $"{attributes}{Access(field)} {(field.IsStatic ? "static " : "")}" +
                $"{(field.IsInitOnly ? "readonly " : "")}{type} {field.Name}";
    }

    private string Print(PropertyInfo property)
    {
        var widest = Widest(property);
        var accessors = new[] { property.GetMethod, property.SetMethod }
            .Where(accessor => accessor is not null && IsShown(accessor))
            .Select(accessor => (Access(accessor!) == Access(widest) ? "" : Access(accessor!) + " ")
                + (accessor == property.GetMethod ? "get;" : IsInit(accessor!) ? "init;" : "set;"));
        var indices = property.GetIndexParameters();
        var name = indices.Length == 0 ? property.Name : $"this[{Parameters(indices)}]";
        return $"{Modifiers(widest)}{Name(property.PropertyType, property, () => _nullability.Create(property))} " +
            $"{name} {{ {string.Join(" ", accessors)} }}";
    }

    private string Print(EventInfo e) =>
        $"{Modifiers(e.AddMethod!)}event {Name(e.EventHandlerType!, e, () => _nullability.Create(e))} {e.Name}";

    private string Print(MethodInfo method)
    {
        var generics = method.IsGenericMethod
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(TypeNames.Print))}>"
            : "";
        var constraints = method.IsGenericMethod ? Constraints(method.GetGenericArguments()) : "";
        var extension = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return Literals.Attributes(method.GetCustomAttributesData()) +
            $"{Modifiers(method)}{Return(method)} {method.Name}{generics}" +
            $"({extension}{Parameters(method.GetParameters())}){constraints}";
    }

    private string Return(MethodInfo method) =>
        Name(method.ReturnType, method.ReturnParameter, () => _nullability.Create(method.ReturnParameter));

    private string Parameters(IEnumerable<ParameterInfo> parameters) =>
        string.Join(", ", parameters.Select(parameter =>
        {
            var by = parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params "
                : !parameter.ParameterType.IsByRef ? ""
                : parameter.IsOut ? "out "
                : parameter.IsIn ? "in "
                : "ref ";
            var type = Name(parameter.ParameterType, parameter, () => _nullability.Create(parameter));
            var value = parameter.HasDefaultValue
                ? " = " + Literals.Print(parameter.RawDefaultValue, parameter.ParameterType)
                : "";
            return $"{by}{type} {parameter.Name}{value}";
        }));

    private string Name(Type type, ICustomAttributeProvider holder, Func<NullabilityInfo> nullability) =>
        TypeNames.Print(type, _withNullableMarks ? nullability() : null, holder);

    private static string Modifiers(MethodInfo method)
    {
        if (method.DeclaringType!.IsInterface)
        {
            return "";
        }

        var isOverride = method.GetBaseDefinition() != method;
        var kind = method.IsStatic ? "static "
            : isOverride && method.IsFinal ? "sealed override "
            : isOverride && method.IsAbstract ? "abstract override "
            : isOverride ? "override "
            : method.IsAbstract ? "abstract "
            : method.IsVirtual && !method.IsFinal ? "virtual "
            : "";
        return $"{Access(method)} {kind}";
    }

    private static MethodInfo Widest(PropertyInfo property) =>
        new[] { property.GetMethod, property.SetMethod }.OfType<MethodInfo>()
            .MaxBy(accessor => accessor.Attributes & MethodAttributes.MemberAccessMask)!;

    private static bool IsInit(MethodInfo setter) =>
        setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static bool IsGenerated(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute)) || member.Name.Contains('<');

    private bool IsShown(MethodBase method) =>
        method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly
        || (_withInternals && (method.IsAssembly || method.IsFamilyAndAssembly));

    private bool IsShown(FieldInfo field) =>
        field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly
        || (_withInternals && (field.IsAssembly || field.IsFamilyAndAssembly));

    private static string Access(MethodBase method) => Access(method.Attributes & MethodAttributes.MemberAccessMask);

    private static string Access(FieldInfo field) =>
        Access((MethodAttributes)(field.Attributes & FieldAttributes.FieldAccessMask));

    private static string Access(MethodAttributes access) => access switch
    {
        MethodAttributes.Public => "public",
        MethodAttributes.FamORAssem => "protected internal",
        MethodAttributes.Family => "protected",
        MethodAttributes.FamANDAssem => "private protected",
        _ => "internal",
    };
}
