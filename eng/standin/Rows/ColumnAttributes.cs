using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Names the column of a member.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field, AllowMultiple = false, Inherited = true)]
public sealed class ColumnNameAttribute : Attribute
{
    public ColumnNameAttribute(string name)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        Name = name;
    }

    internal string Name { get; }
}

/// <summary>Makes a member no column.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field, AllowMultiple = false, Inherited = true)]
public sealed class NoColumnAttribute : Attribute
{
}

/// <summary>Makes a member a key column.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field, AllowMultiple = false, Inherited = true)]
public sealed class KeyTypeAttribute : Attribute
{
    public KeyTypeAttribute()
    {
    }

    public KeyTypeAttribute(ulong count)
    {
        KeyCount = new KeyCount(count);
    }

    internal KeyCount KeyCount { get; }
}

/// <summary>Gives a vector column its dimensions.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field, AllowMultiple = false, Inherited = true)]
public sealed class VectorTypeAttribute : Attribute
{
    public VectorTypeAttribute()
    {
    }

    public VectorTypeAttribute(int size)
    {
        Contracts.CheckParam(size >= 0, nameof(size), "Should be non-negative number");
        Dims = [size];
    }

    public VectorTypeAttribute(params int[] dimensions)
    {
        foreach (var dimension in dimensions)
        {
            Contracts.CheckParam(dimension >= 0, nameof(dimensions), "Should contain only non-negative values");
        }

        Dims = dimensions;
    }

    internal int[] Dims { get; }
}
