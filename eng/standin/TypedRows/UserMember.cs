using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A public field or property of a user's class.</summary>
internal sealed class UserMember
{
    private UserMember(MemberInfo member, Type type)
    {
        Member = member;
        Type = type;
    }

    public MemberInfo Member { get; }

    public Type Type { get; }

    public string ColumnName => Member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? Member.Name;

    /// <summary>The members that are columns: fields, then properties usable in the direction.</summary>
    public static IEnumerable<UserMember> Find(Type userType, SchemaDefinition.Direction direction)
    {
        const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance;
        var fields = userType.GetFields(Public).Select(field => new UserMember(field, field.FieldType));
        var properties = userType.GetProperties(Public)
            .Where(property => property.GetIndexParameters().Length == 0 && IsUsable(property, direction))
            .Select(property => new UserMember(property, property.PropertyType));
        return fields.Concat(properties).Where(member => !member.Member.IsDefined(typeof(NoColumnAttribute)));
    }

    /// <summary>The member by that name, or null.</summary>
    public static UserMember Find(Type userType, string name) =>
        Find(userType, SchemaDefinition.Direction.Both).FirstOrDefault(member => member.Member.Name == name);

    /// <summary>The column type that the member's type and attributes say.</summary>
    public DataViewType FindColumnType()
    {
        Contracts.CheckParam(MemberTypes.TryGetItemType(Type, out var itemType, out var isVector), "rawType",
            $"Could not determine an IDataView type and registered custom types for member {Member.Name}");
        if (Member.GetCustomAttribute<KeyTypeAttribute>() is { } keyAttribute)
        {
            Contracts.CheckParam(KeyDataViewType.IsValidDataType(itemType.RawType), "userType",
                $"Member {Member.Name} marked with KeyType attribute, but does not appear to be a valid kind of " +
                "data for a key type");
            if (keyAttribute.KeyCount?.Count is not { } count)
            {
                throw Contracts.ExceptNotSupp("Using KeyType without the Count parameter is not supported");
            }

            itemType = new KeyDataViewType(itemType.RawType, count);
        }

        var vectorAttribute = Member.GetCustomAttribute<VectorTypeAttribute>();
        Contracts.CheckParam(vectorAttribute == null || isVector, "userType",
            $"Member {Member.Name} marked with VectorTypeAttribute, but does not appear to be a vector type");
        return !isVector ? itemType
            : vectorAttribute?.Dims is { Length: > 0 } dimensions ? new VectorDataViewType(itemType, dimensions)
            : new VectorDataViewType(itemType);
    }

    private static bool IsUsable(PropertyInfo property, SchemaDefinition.Direction direction) =>
        ((direction & SchemaDefinition.Direction.Read) != 0 && property.GetGetMethod() != null)
        || ((direction & SchemaDefinition.Direction.Write) != 0 && property.GetSetMethod() != null);
}
