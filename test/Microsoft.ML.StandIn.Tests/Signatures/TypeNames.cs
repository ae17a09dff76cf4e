using System.Reflection;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.StandIn.Tests.Signatures;

/// <summary>Prints types the way the recorded signatures do.</summary>
internal sealed class TypeNames
{
    private static readonly HashSet<string> _silentNamespaces =
    [
        "System", "System.Collections", "System.Collections.Generic", "System.Collections.Immutable", "System.IO",
        "System.Linq.Expressions", "System.Reflection", "System.Text.RegularExpressions", "System.Threading",
        "System.Threading.Tasks",
    ];

    private static readonly Dictionary<Type, string> _keywords = new()
    {
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(char)] = "char",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(void)] = "void",
        [typeof(decimal)] = "decimal",
    };

    private readonly Queue<string?> _tupleNames;

    private TypeNames(IEnumerable<string?> tupleNames)
    {
        _tupleNames = new Queue<string?>(tupleNames);
    }

    /// <summary>The name of a type as it stands in a signature.</summary>
    public static string Print(Type type) => new TypeNames([]).Name(type, null);

    /// <summary>The same with nullable marks and the names of tuple elements.</summary>
    public static string Print(Type type, NullabilityInfo? nullability, ICustomAttributeProvider holder)
    {
        var names = holder.GetCustomAttributes(typeof(TupleElementNamesAttribute), false)
            .OfType<TupleElementNamesAttribute>().FirstOrDefault()?.TransformNames;
        return new TypeNames(names ?? []).Name(type, nullability);
    }

    private string Name(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!, nullability);
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Name(underlying, null) + "?";
        }

        var mark = nullability?.ReadState == NullabilityState.Nullable && !type.IsValueType ? "?" : "";
        if (type.IsArray)
        {
            var commas = new string(',', type.GetArrayRank() - 1);
            return $"{Name(type.GetElementType()!, nullability?.ElementType)}[{commas}]{mark}";
        }

        if (type.IsGenericParameter)
        {
            return type.Name + mark;
        }

        if (_keywords.TryGetValue(type, out var keyword))
        {
            return keyword + mark;
        }

        return IsTuple(type) ? Tuple(type) : Qualified(type, nullability) + mark;
    }

    private static bool IsTuple(Type type) =>
        type.IsGenericType && type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true;

    private string Tuple(Type type)
    {
        var arguments = type.GetGenericArguments();
        var names = arguments.Select(_ => _tupleNames.TryDequeue(out var name) ? name : null).ToArray();
        var parts = arguments.Select((argument, i) =>
            names[i] is { } name ? $"{Name(argument, null)} {name}" : Name(argument, null));
        return $"({string.Join(", ", parts)})";
    }

    private string Qualified(Type type, NullabilityInfo? nullability)
    {
        var arguments = type.GetGenericArguments();
        var chain = new Stack<Type>();
        for (var current = type; current is not null; current = current.DeclaringType)
        {
            chain.Push(current);
        }

        var prefix = type.Namespace is null || _silentNamespaces.Contains(type.Namespace) ? "" : type.Namespace + ".";
        var used = 0;
        var parts = new List<string>();
        foreach (var level in chain)
        {
            var simple = level.Name.Split('`')[0];
            var count = level.GetGenericArguments().Length;
            if (count > used)
            {
                var own = arguments[used..count].Select((argument, i) =>
                    Name(argument, Argument(nullability, used + i)));
                simple += $"<{string.Join(", ", own.ToArray())}>";
                used = count;
            }

            parts.Add(simple);
        }

        return prefix + string.Join(".", parts);
    }

    private static NullabilityInfo? Argument(NullabilityInfo? nullability, int index) =>
        nullability is not null && index < nullability.GenericTypeArguments.Length
            ? nullability.GenericTypeArguments[index]
            : null;
}
