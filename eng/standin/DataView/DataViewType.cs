namespace Microsoft.ML.Data;

/// <summary>The type of a column: what its values are, and the .NET type that carries them.</summary>
public abstract class DataViewType : IEquatable<DataViewType>
{
    private protected DataViewType(Type rawType)
    {
        RawType = rawType ?? throw new ArgumentNullException(nameof(rawType));
    }

    public Type RawType { get; }

    public abstract bool Equals(DataViewType other);
}

/// <summary>A type whose values have parts, such as a vector.</summary>
public abstract class StructuredDataViewType : DataViewType
{
    protected StructuredDataViewType(Type rawType) : base(rawType)
    {
    }
}

/// <summary>A type whose values have no parts.</summary>
public abstract class PrimitiveDataViewType : DataViewType
{
    protected PrimitiveDataViewType(Type rawType) : base(rawType)
    {
        if (typeof(IDisposable).IsAssignableFrom(RawType))
        {
            throw new ArgumentOutOfRangeException(nameof(rawType),
                "A PrimitiveDataViewType cannot have a disposable RawType");
        }
    }
}
