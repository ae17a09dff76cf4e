using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Which columns the members of a class are, to be changed before data is loaded or made with it.</summary>
public sealed class SchemaDefinition : List<SchemaDefinition.Column>
{
    private SchemaDefinition()
    {
    }

    /// <summary>Whether members are read, written or both.</summary>
    [Flags]
    public enum Direction
    {
        Read = 1,
        Write = 2,
        Both = Read | Write,
    }

    public Column this[string columnName]
    {
        get => this.FirstOrDefault(column => column.ColumnName == columnName);
        set
        {
            Contracts.CheckValue(value, nameof(value));
            Contracts.CheckParam(columnName == value.ColumnName, nameof(columnName),
                $"The column name is specified as '{value.ColumnName}' but must match the selector '{columnName}'.");
            var index = FindIndex(column => column.ColumnName == columnName);
            if (index < 0)
            {
                Add(value);
            }
            else
            {
                this[index] = value;
            }
        }
    }

    public static SchemaDefinition Create(Type userType, Direction direction = Direction.Both)
    {
        Contracts.CheckValue(userType, nameof(userType));
        var result = new SchemaDefinition();
        var names = new HashSet<string>();
        foreach (var member in UserMember.Find(userType, direction))
        {
            Contracts.CheckParam(names.Add(member.ColumnName), nameof(userType),
                $"Duplicate column name '{member.ColumnName}' detected, this is disallowed");
            result.Add(new Column(member.Member.Name, member.ColumnName, member.FindColumnType()));
        }

        return result;
    }

    /// <summary>One member as a column.</summary>
    public sealed class Column
    {
        private readonly Dictionary<string, Action<DataViewSchema.Annotations.Builder>> _annotations = [];

        internal Column(string memberName, string columnName, DataViewType columnType)
        {
            MemberName = memberName;
            ColumnName = columnName;
            ColumnType = columnType;
        }

        public string MemberName { get; }

        public string ColumnName { get; set; }

        public DataViewType ColumnType { get; set; }

        public DataViewSchema.Annotations Annotations
        {
            get
            {
                var builder = new DataViewSchema.Annotations.Builder();
                foreach (var add in _annotations.Values)
                {
                    add(builder);
                }

                return builder.ToAnnotations();
            }
        }

        public void AddAnnotation<T>(string kind, T value, DataViewType annotationType)
        {
            Contracts.CheckValue(kind, nameof(kind));
            Contracts.CheckValue(annotationType, nameof(annotationType));
            Contracts.Check(!_annotations.ContainsKey(kind), "Column already contains an annotation of this kind.");
            var member = new MemberValue<T>(value);
            Contracts.Check(annotationType.RawType == member.RawType, "Value inputted is supposed to have Type " +
                $"{member.RawType}, but type of Annotationinfo has {annotationType.RawType}");
            _annotations.Add(kind, builder => builder.Add(kind, annotationType, member.MakeGetter()));
        }

        /// <summary>Takes over annotations that a column has elsewhere.</summary>
        internal void CopyAnnotations(DataViewSchema.Annotations source)
        {
            foreach (var annotation in source.Schema)
            {
                _annotations[annotation.Name] = builder => builder.Add(source, kind => kind == annotation.Name);
            }
        }
    }

    /// <summary>A value in the form that a user's member holds it, such as a string or an array.</summary>
    private sealed class MemberValue<T>(T value)
    {
        public Type RawType { get; } = MemberTypes.GetRawType(typeof(T)) ?? typeof(T);

        public Delegate MakeGetter() => MemberTypes.MakeGetter(() => value, null);
    }
}
