using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The columns of a class whose members say which fields they are loaded from.</summary>
internal static class TypedTextColumns
{
    /// <summary>One column for each public field and property.</summary>
    public static TextLoader.Column[] Create(IExceptionContext context, Type type)
    {
        IEnumerable<MemberInfo> fields = type.GetFields(BindingFlags.Public | BindingFlags.Instance);
        IEnumerable<MemberInfo> properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanRead && property.CanWrite && property.GetIndexParameters().Length == 0);
        return [.. fields.Concat(properties)
            .Where(member => member.GetCustomAttribute<NoColumnAttribute>() == null)
            .Select(member => Column(context, member))];
    }

    private static TextLoader.Column Column(IExceptionContext context, MemberInfo member)
    {
        LoadColumnAttribute load = member.GetCustomAttribute<LoadColumnAttribute>()
            ?? throw context.Except(
                $"{Kind(member)} '{member.Name}' is missing the {nameof(LoadColumnAttribute)} attribute");
        Type type = member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;
        Type item = type.IsArray ? type.GetElementType() : type;
        if (!TryGetKind(item, out DataKind kind))
        {
            throw Contracts.Except($"{Kind(member)} {member.Name} is of unsupported type.");
        }

        return new TextLoader.Column
        {
            Name = member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? member.Name,
            Source = load.Sources,
            DataKind = kind,
            KeyCount = member.GetCustomAttribute<KeyTypeAttribute>()?.KeyCount,
        };
    }

    private static bool TryGetKind(Type item, out DataKind kind)
    {
        foreach (DataKind candidate in Enum.GetValues<DataKind>())
        {
            Type raw = TextColumn.ItemType(candidate).RawType;
            if (raw == item || (candidate == DataKind.String && item == typeof(string)))
            {
                kind = candidate;
                return true;
            }
        }

        kind = default;
        return false;
    }

    private static string Kind(MemberInfo member) => member is FieldInfo ? "Field" : "Property";
}
