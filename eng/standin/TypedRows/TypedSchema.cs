using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A member of a user's class and the column it is.</summary>
internal sealed record TypedColumn(
    string ColumnName, UserMember Member, DataViewType ColumnType, DataViewSchema.Annotations Annotations);

/// <summary>The members of a user's class that are columns, checked against each other.</summary>
internal sealed class TypedSchema
{
    private TypedSchema(TypedColumn[] columns)
    {
        Columns = columns;
    }

    public TypedColumn[] Columns { get; }

    public static TypedSchema Create(Type userType, SchemaDefinition.Direction direction) =>
        Create(userType, SchemaDefinition.Create(userType, direction));

    public static TypedSchema Create(Type userType, SchemaDefinition userSchemaDefinition)
    {
        Contracts.CheckValue(userSchemaDefinition, nameof(userSchemaDefinition));
        return new TypedSchema(userSchemaDefinition.Select(column => Resolve(userType, column)).ToArray());
    }

    /// <summary>The columns that the members of a class to be filled from a view have there.</summary>
    public static TypedSchema CreateForOutput(Type userType, DataViewSchema schema, SchemaDefinition definition)
    {
        if (definition != null)
        {
            return Create(userType, definition);
        }

        var columns = UserMember.Find(userType, SchemaDefinition.Direction.Write).Select(member =>
        {
            if (!MemberTypes.TryGetItemType(member.Type, out _, out _))
            {
                throw ExceptUnknownType(member, schema.GetColumnOrNull(member.ColumnName));
            }

            return new TypedColumn(member.ColumnName, member, member.FindColumnType(), null);
        });
        return new TypedSchema(columns.ToArray());
    }

    /// <summary>The definition of a class whose columns have the types and annotations of a schema.</summary>
    public static SchemaDefinition Describe(IExceptionContext context, Type userType, DataViewSchema schema)
    {
        var definition = SchemaDefinition.Create(userType);
        foreach (var column in schema)
        {
            var described = definition[column.Name];
            context.Check(described != null, $"Type should contain a member named {column.Name}");
            described.ColumnType = column.Type;
            described.CopyAnnotations(column.Annotations);
        }

        return definition;
    }

    public DataViewSchema ToSchema() =>
        SchemaExtensions.MakeSchema(Columns.Select(column =>
            new DataViewSchema.DetachedColumn(column.ColumnName, column.ColumnType, column.Annotations)));

    private static TypedColumn Resolve(Type userType, SchemaDefinition.Column column)
    {
        const string Parameter = "userSchemaDefinition";
        var member = UserMember.Find(userType, column.MemberName)
            ?? throw Contracts.ExceptParam(Parameter,
                $"No field or property with name '{column.MemberName}' found in type '{userType.Name}'");
        var name = string.IsNullOrEmpty(column.ColumnName) ? column.MemberName : column.ColumnName;
        if (column.ColumnType == null)
        {
            return new TypedColumn(name, member, member.FindColumnType(), column.Annotations);
        }

        var known = MemberTypes.TryGetItemType(member.Type, out var itemType, out var isVector);
        Contracts.CheckParam(isVector == column.ColumnType is VectorDataViewType, Parameter,
            $"Column '{name}' is supposed to be {(isVector ? "scalar" : "vector")}, but type of associated field " +
            $"'{column.MemberName}' is {(isVector ? "vector" : "scalar")}");
        var expected = column.ColumnType.GetItemType().RawType;
        Contracts.CheckParam(known && itemType.RawType == expected, Parameter,
            $"Column '{name}' is supposed to have item type {expected}, but associated field has type " +
            $"{itemType?.RawType ?? member.Type}");
        return new TypedColumn(name, member, column.ColumnType, column.Annotations);
    }

    private static Exception ExceptUnknownType(UserMember member, DataViewSchema.Column? column)
    {
        if (column is not { } found)
        {
            return new ArgumentOutOfRangeException("columnIndex");
        }

        var name = member.ColumnName;
        return Contracts.ExceptParam("actualType",
            $"The expected type '{found.Type.RawType}' does not match the type of the '{name}' member: " +
            $"'{member.Type}'. Please change the {name} member to '{found.Type.RawType}'");
    }
}
