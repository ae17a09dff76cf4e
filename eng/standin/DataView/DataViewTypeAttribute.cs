namespace Microsoft.ML.Data;

/// <summary>Base of attributes that give a member a registered column type of the user's own.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field, AllowMultiple = false, Inherited = true)]
public abstract class DataViewTypeAttribute : Attribute, IEquatable<DataViewTypeAttribute>
{
    public abstract bool Equals(DataViewTypeAttribute other);

    public abstract void Register();
}
